"""Models on arrays and recordings: scores and decisions as `ganglion run` gives them."""

import ctypes
import json
import os
from ctypes import POINTER, c_float, c_int32

from ._library import Handle, call
from .encoding import Encoder, samples_of
from .errors import UsageError
from .events import Events, lines, pointers


class Stream:
    """What a model makes of one stream, block by block; blocks of any size give the same results.

    Results are dictionaries as lines of `ganglion run`: {"type": "detection", "label": ..., "score": ..., "t_us": ...}.
    """

    def __init__(self, model, source="array", task=None, scores=False):
        task = None if task is None else task.encode()
        self._handle = Handle("stream", model._handle.pointer, task, source.encode(), int(scores))

    def push(self, block, rate=None):
        """Takes samples (mono; their rate in Hz, resampled to the model's) or Events; the results so far."""
        if isinstance(block, Events):
            call(
                "stream_push_events", self._handle.pointer, len(block), *pointers(block), block.width or 0,
                block.height or 0)  # fmt: skip
        else:
            if rate is None:
                raise ValueError("samples come with their rate: push(samples, rate=16000)")
            samples = samples_of(block)
            call(
                "stream_push_sound", self._handle.pointer, samples.ctypes.data_as(POINTER(c_float)), len(samples), rate)
        return self._results()

    def read(self, path, **options):
        """Yields what becomes of a whole recording of sound or events, read as `ganglion run` reads it.

        Options where it does not say how: those of `ganglion.read`, fit, turn, mirror (cameras), raw, channel, gain (sound).
        Results that came before a failure are yielded first.
        """
        more = c_int32(1)
        call("stream_open_recording", self._handle.pointer, os.fsencode(path), lines(options, of_run=True))
        while more.value:
            try:
                call("stream_read", self._handle.pointer, ctypes.byref(more))
            finally:
                yield from self._results()

    def finish(self):
        """Ends the stream; the results that were left."""
        call("stream_finish", self._handle.pointer)
        return self._results()

    def _results(self):
        return [json.loads(line) for line in call("stream_take", self._handle.pointer).splitlines()]


class Model:
    """A model file of Ganglion.

    manifest: all that the file says of itself; labels: in the order of the outputs.
    """

    def __init__(self, path, sensitivity=None):
        name = None if sensitivity is None else sensitivity.encode()
        self._handle = Handle("model", os.fsencode(path), name)
        self.manifest = json.loads(call("model_describe", self._handle.pointer))

    @property
    def name(self):
        return self.manifest["name"]

    @property
    def labels(self):
        return self.manifest["labels"]

    @property
    def listens(self):
        """Whether it takes sound rather than events."""
        return "events" not in self.manifest["encoder"]

    def encoder(self):
        """The encoder that makes its input."""
        return Encoder(self.manifest["encoder"])

    def stream(self, source="array", task=None, scores=False):
        """Begins a stream. task: one that the model has learnt, or "infer"; scores: tell them after every active step."""
        return Stream(self, source, task, scores)

    def run(self, recording, rate=None, task=None, scores=False, source=None, **options):
        """Classifies a whole recording: a path, with the options of `Stream.read`; samples with their rate; or Events.

        Returns the results in order, as `ganglion run` prints them. Single events long before the others are left out of
        files, as the program does; of Events the first is time zero.
        """
        is_path = isinstance(recording, (str, os.PathLike))
        own = self.stream(source or (os.fspath(recording) if is_path else "array"), task, scores)
        if is_path:
            return list(own.read(recording, **options))
        if options:
            raise UsageError(f"{', '.join(options)}: only files are read by options")
        return own.push(recording, rate) + own.finish()


def load(path, sensitivity=None):
    """Opens a model. sensitivity: low, normal or high, for those that find words in streams."""
    return Model(path, sensitivity)
