"""Recordings of events as columns of numpy."""

import ctypes
import json
import os
from ctypes import POINTER, c_int64, c_ssize_t, c_uint8, c_uint16
from dataclasses import dataclass, field

import numpy as np

from ._library import Handle, call
from .errors import UsageError

_TYPES = (("t", np.int64, c_int64), ("x", np.uint16, c_uint16), ("y", np.uint16, c_uint16), ("p", np.uint8, c_uint8))

# Options of `read`, and what the program's recipes call them.
_OPTIONS = {
    "format": "inputFormat", "sensor": "sensor", "layout": "aedat2Layout", "columns": "csvColumns",
    "time_unit": "timeUnit", "group": "group", "stream": "stream", "sample": "sample", "filters": "filters",
}  # fmt: skip

# Those that runs of a model take as well.
_OF_RUNS = {name: name for name in ("fit", "turn", "mirror", "raw", "channel", "gain")}

# What a file's ending says of its format, where one is written.
_ENDINGS = {
    ".aedat4": "aedat4", ".aedat": "aedat2", ".raw": "evt3", ".dat": "dat2", ".es": "es", ".bin": "nmnist", ".csv": "csv",
    ".npy": "npy", ".npz": "npz", ".h5": "hdf5", ".hdf5": "hdf5",
}  # fmt: skip


@dataclass
class Events:
    """Events in stream order, a column each, and the sensor they are from.

    t: int64, microseconds; x: uint16, columns from the left; y: uint16, rows from the top; p: uint8, 1 where it became
    brighter, 0 where it became darker. `width` and `height` are None where the recording does not tell them. `about` is what
    the recording says of itself: format, encoding, metadata, guesses, streams.
    """

    t: np.ndarray
    x: np.ndarray
    y: np.ndarray
    p: np.ndarray
    width: int | None = None
    height: int | None = None
    about: dict = field(default_factory=dict, repr=False)

    def __post_init__(self):
        for name, kind, _ in _TYPES:
            column = np.asarray(getattr(self, name))
            if column.ndim != 1 or len(column) != len(self.t):
                raise UsageError(f"{name} has the shape {column.shape}; all four columns have one length")
            if column.dtype != kind:
                if column.dtype == bool:
                    column = column.astype(kind)
                elif not np.can_cast(column.dtype, kind, "same_kind") and not _fits(column, kind):
                    raise UsageError(f"{name} is {column.dtype} with values that {np.dtype(kind)} does not hold")
                column = column.astype(kind)
            setattr(self, name, np.ascontiguousarray(column))

    def __len__(self):
        return len(self.t)

    def __getitem__(self, index):
        """Some of the events, by a slice, a mask or places."""
        if not isinstance(index, slice):
            index = np.atleast_1d(index)
        return Events(self.t[index], self.x[index], self.y[index], self.p[index], self.width, self.height, self.about)


def _fits(column, kind):
    limits = np.iinfo(kind)
    if column.dtype.kind not in "iu":
        return False
    return len(column) == 0 or (column.min() >= limits.min and column.max() <= limits.max)


def lines(options, of_run=False):
    """Reading options as the library takes them."""
    known = _OPTIONS | _OF_RUNS if of_run else _OPTIONS
    lines = []
    for name, value in options.items():
        if value is None:
            continue
        if name not in known:
            raise UsageError(f"there is no option '{name}'; there are {', '.join(known)}")
        if name == "sensor" and not isinstance(value, str):
            value = "{}x{}".format(*value)
        if name == "filters" and not isinstance(value, str):
            value = " ".join(value)
        if name == "columns" and not isinstance(value, str):
            value = ",".join(map(str, value))
        lines.append(f"{known[name]}={str(value).lower() if isinstance(value, bool) else value}")
    return "\n".join(lines).encode()


def pointers(events, offset=0):
    """The columns as the library takes them, from a place on."""
    return [
        ctypes.cast(getattr(events, name).ctypes.data + offset * np.dtype(kind).itemsize, POINTER(c))
        for name, kind, c in _TYPES
    ]


class _Reader:
    def __init__(self, path, options):
        self._handle = Handle("reader", os.fsencode(path), lines(options))

    def about(self):
        return json.loads(call("reader_describe", self._handle.pointer))

    def fill(self, columns, offset):
        """Reads into columns from a place on until they are full; how many events came, 0 at the end."""
        count = c_ssize_t()
        room = len(columns[0]) - offset
        targets = [
            ctypes.cast(column.ctypes.data + offset * column.itemsize, POINTER(c))
            for column, (_, _, c) in zip(columns, _TYPES)
        ]
        call("reader_read", self._handle.pointer, room, *targets, ctypes.byref(count))
        return count.value

    def close(self):
        self._handle.close()


def _events(columns, about):
    return Events(*columns, about.get("width"), about.get("height"), about)


def read(path, **options):
    """Reads a whole recording of events.

    Its format is told by its content: AEDAT 1 to 4, EVT 2 to 4, DAT, ES, N-MNIST, CSV and text, NPY, NPZ, HDF5, ROS bags and
    MCAP, packed or not.

    Options, where the recording does not say it: format ("evt3"), sensor ((640, 480)), layout (of AEDAT 1 and 2), columns
    ((0, 1, 2, 3): those of time, x, y and polarity), time_unit ("us"), group (of HDF5), stream (a camera of several), sample
    (of SHD), filters (["background=5000"], as `ganglion convert --filter` takes them).

    Returns Events. Raises Missing, BadInput or UsageError.
    """
    reader = _Reader(path, options)
    try:
        # Two bytes an event are less than nearly all formats take; pages that nothing is written to cost nothing.
        try:
            capacity = max(1 << 16, os.path.getsize(path) // 2)
        except OSError:
            capacity = 1 << 20
        columns = [np.empty(capacity, kind) for _, kind, _ in _TYPES]
        count = 0
        # A call takes a moment only, so that Ctrl-C is answered.
        while True:
            if count == len(columns[0]):
                for column in columns:
                    column.resize(2 * count, refcheck=False)
            part = [column[: min(len(column), count + (1 << 22))] for column in columns]
            came = reader.fill(part, count)
            if came == 0:
                break
            count += came
        del part
        for column in columns:
            column.resize(count, refcheck=False)
        return _events(columns, reader.about())
    finally:
        reader.close()


def stream(path, events=1 << 20, **options):
    """Reads a recording in parts of at most so many events, in bounded memory. Options as those of `read`.

    Yields Events; each is the caller's to keep.
    """
    if events < 1:
        raise UsageError(f"parts of {events} events; it takes at least one")
    reader = _Reader(path, options)
    try:
        while True:
            columns = [np.empty(events, kind) for _, kind, _ in _TYPES]
            came = reader.fill(columns, 0)
            if came == 0:
                return
            yield _events([column[:came] for column in columns], reader.about())
    finally:
        reader.close()


def info(path, **options):
    """What is in a recording, as `ganglion info --json` tells it: counts, times, rates, what broke the rules, a digest."""
    return json.loads(call("info", os.fsencode(path), lines(options)))


class Writer:
    """Writes a recording of events, part by part; whole once the `with` block ends without an error.

        with ganglion.Writer("out.aedat4", width=640, height=480) as writer:
            for part in ganglion.stream("in.raw"): writer.write(part)
    """

    def __init__(self, path, width, height, format=None):
        if format is None:
            ending = os.path.splitext(os.fspath(path))[1].lower()
            if ending not in _ENDINGS:
                raise UsageError(f"'{path}' does not say its format: name one with format=")
            format = _ENDINGS[ending]
        self._handle = Handle("writer", os.fsencode(path), format.encode(), width, height)

    def write(self, events):
        call("writer_write", self._handle.pointer, len(events), *pointers(events))

    def finish(self):
        """Ends the recording and closes it."""
        try:
            call("writer_finish", self._handle.pointer)
        finally:
            self._handle.close()

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if error is None:
            self.finish()
        else:
            self._handle.close()


def write(path, events, width=None, height=None, format=None):
    """Writes Events as a recording; the format goes by the path's ending unless it is named.

    Width and height are those of the events unless they are given. Raises OutputError, or BadInput for what the format cannot
    hold.
    """
    width = width or events.width or (int(events.x.max()) + 1 if len(events) else 1)
    height = height or events.height or (int(events.y.max()) + 1 if len(events) else 1)
    with Writer(path, width, height, format) as writer:
        writer.write(events)
