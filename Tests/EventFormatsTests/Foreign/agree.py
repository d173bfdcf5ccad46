"""Reads event recordings with the readers of other projects and compares the digest of every field with Ganglion's.

    agree.py GANGLION FILE...

GANGLION is the built program; for each file `GANGLION info --json FILE` gives format and digests. Readers that are not
installed are left out. Needs numpy; looks for faery, expelliarmus, evutils, dv_processing, aedat, event_stream, tonic,
h5py, evt3, rosbags. Prints one line for each file and reader and ends with 1 when a reader disagrees that is not on the list of
known disagreements (KNOWN, with the reason).
"""
import hashlib
import json
import signal
import subprocess
import sys

import numpy as np

# (reader, format): why it differs.
KNOWN = {
    ("expelliarmus", "Prophesee EVT 3.0"):
        "adds 4096 us whenever the low time steps back, also where a camera lets it jitter",
    ("evutils", "AEDAT 2.0"): "drops events or takes another layout of the address",
    ("tonic", "AEDAT 2.0"): "keeps the address' own axes and polarity where jAER mirrors them",
    ("evutils", "Prophesee EVT 3.0"): "loses vectors that are not written as 12, 12 and 8",
    ("evutils", "Event Stream"): "keeps the origin at the bottom left",
    ("evutils", "Prophesee EVT 2.1"): "reads the legacy layout of the words, whatever the header says",
    ("faery", "Prophesee EVT 3.0"): "keeps the time where the low bits fall by a few microseconds",
}


def digests(t, x, y, p):
    columns = (np.asarray(t, "<i8"), np.asarray(x, "<u2"), np.asarray(y, "<u2"), (np.asarray(p) > 0).astype("u1"))
    return [hashlib.blake2b(np.ascontiguousarray(c).tobytes(), digest_size=16).hexdigest() for c in columns]


def gather(parts, names):
    parts = [q for q in parts if len(q)]
    return [np.concatenate([q[n] for q in parts]) if parts else np.zeros(0) for n in names]


def with_faery(path, kind, height):
    import faery
    options = {}
    if path.endswith(".raw"):
        options = dict(version_fallback="evt2" if "2.0" in kind else "evt3", dimensions_fallback=(2048, 2048))
    if path.endswith(".dat"):
        options = dict(version_fallback="dat1" if kind.endswith("1") else "dat2", dimensions_fallback=(2048, 2048))
    if path.endswith(".csv"):
        options = dict(dimensions_fallback=(2048, 2048))
    return gather(list(faery.events_stream_from_file(path, **options)), ("t", "x", "y", "on"))


def with_expelliarmus(path, kind, height):
    from expelliarmus import Wizard
    name = {"Prophesee EVT 2.0": "evt2", "Prophesee EVT 3.0": "evt3", "Prophesee DAT 2": "dat"}[kind]
    a = Wizard(encoding=name, fpath=path).read()
    return [a[n] for n in "txyp"]


def with_evutils(path, kind, height):
    from evutils.io import EventReader
    a = EventReader(path, max_events=30_000_000).read_all()
    a = a[0] if isinstance(a, tuple) else a
    return [a.t, a.x, a.y, a.p]


def with_dv_processing(path, kind, height):
    import dv_processing as dv
    reader = dv.io.MonoCameraRecording(path)
    parts = []
    while reader.isRunning():
        batch = reader.getNextEventBatch()
        if batch is not None:
            parts.append(batch.numpy())
    return gather(parts, ("timestamp", "x", "y", "polarity"))


def with_aedat(path, kind, height):
    import aedat
    return gather([q["events"] for q in aedat.Decoder(path) if "events" in q], ("t", "x", "y", "on"))


def with_event_stream(path, kind, height):
    import event_stream
    parts = []
    with event_stream.Decoder(path) as decoder:
        for part in decoder:
            parts.append(part)
    t, x, y, p = gather(parts, ("t", "x", "y", "on"))
    return t, x, height - 1 - y.astype("i8"), p


def with_tonic(path, kind, height):
    import tonic.io
    if kind == "N-MNIST":
        a = tonic.io.read_mnist_file(path, dtype=np.dtype([("x", int), ("y", int), ("t", int), ("p", int)]))
    elif kind == "AEDAT 3.1":
        a = tonic.io.read_dvs_ibm(path)[-1]
    elif kind == "AEDAT 2.0":
        a = tonic.io.read_dvs_128(path)[-1]
    return a["t"], a["x"], a["y"], a["p"]


def with_numpy(path, kind, height):
    if kind == "N-MNIST":
        r = np.fromfile(path, "u1").reshape(-1, 5).astype("i8")
        return (r[:, 2] & 127) << 16 | r[:, 3] << 8 | r[:, 4], r[:, 0], r[:, 1], r[:, 2] >> 7
    if kind == "CSV":
        a = np.loadtxt(path, delimiter=",", skiprows=1, dtype="i8", ndmin=2)
        return a[:, 0], a[:, 1], a[:, 2], a[:, 3]
    a = np.load(path)
    if isinstance(a, np.ndarray) and a.dtype.names is None:
        # Rows of four numbers.
        return a[:, 0], a[:, 1], a[:, 2], a[:, 3]
    return a["t"], a["x"], a["y"], a["p"]


def with_h5py(path, kind, height):
    import h5py
    with h5py.File(path) as f:
        if "CD" in f:
            a = f["CD/events"][()]
        elif "spikes" in f:
            # The first recording; its spikes are put in order of time, as Ganglion does.
            seconds, units = f["spikes/times"][0], f["spikes/units"][0]
            order = np.argsort(seconds, kind="stable")
            t = np.floor(seconds[order].astype("f8") * 1e6 + 0.5).astype("i8")
            return t, units[order], np.zeros(len(t)), np.ones(len(t))
        elif "data" in f:
            a = f["data/0"][()]
        else:
            a = {k: f["events/" + k][()] for k in "txyp"}
            if "t_offset" in f:
                a["t"] = a["t"].astype("i8") + int(f["t_offset"][()])
        return a["t"], a["x"], a["y"], a["p"]


def with_evt3(path, kind, height):
    import evt3
    a = evt3.decode_file(path)
    return [getattr(a, n) if hasattr(a, n) else a[n] for n in ("timestamp", "x", "y", "polarity")]


def rosbag_messages(path):
    """The messages with events of a bag, as objects, the first topic that has some."""
    from pathlib import Path
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_typestore
    with AnyReader([Path(path)], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
        kinds = ("msg/EventArray", "msg/EventPacket")
        topic = next(c.topic for c in reader.connections if c.msgtype.endswith(kinds))
        for connection, _, data in reader.messages([c for c in reader.connections if c.topic == topic]):
            yield reader.deserialize(data, connection.msgtype)


def rosbag_words(data):
    """EVT 3.0 in plain steps; the state goes on from packet to packet."""
    high = low = row = base = polarity = epoch = 0
    while True:
        found, data = [], (yield data) if data is None else data
        for word in data.view("<u2").tolist():
            kind, value = word >> 12, word & 0xfff
            if kind == 0:
                row = value & 0x7ff
            elif kind == 2:
                found.append((epoch + high + low, value & 0x7ff, row, value >> 11))
            elif kind == 3:
                base, polarity = value & 0x7ff, value >> 11
            elif kind in (4, 5):
                length = 12 if kind == 4 else 8
                found += [(epoch + high + low, base + i, row, polarity) for i in range(length) if value >> i & 1]
                base += length
            elif kind == 6:
                low = value
            elif kind == 8:
                if (value << 12) + (1 << 23) < high:
                    epoch += 1 << 24
                low, high = 0 if value << 12 != high else low, value << 12
        data = None
        yield found


def with_rosbags(path, kind, height):
    parts, words = [], rosbag_words(None)
    for message in rosbag_messages(path):
        if hasattr(message, "encoding"):
            data, base = message.events, message.time_base
            order = ">" if message.is_bigendian else "<"
            if message.encoding == "mono":
                w = data.view(order + "u8")
                parts.append(np.stack([(base + (w & 0xffffffff)) // 1000, w >> 32 & 0xffff, w >> 48 & 0x7fff, w >> 63], 1))
            elif message.encoding == "libcaer":
                w = data.view("<u4").reshape(-1, 2).astype("u8")
                parts.append(np.stack([base // 1000 + w[:, 1], w[:, 0] >> 17, w[:, 0] >> 2 & 0x7fff, w[:, 0] >> 1 & 1], 1))
            else:
                next(words)
                parts.append(np.array(words.send(data), "i8").reshape(-1, 4))
        else:
            parts.append(np.array(
                [(e.ts.sec * 10**6 + e.ts.nanosec // 1000, e.x, e.y, e.polarity) for e in message.events], "i8").reshape(-1, 4))
    return [np.concatenate([p[:, i] for p in parts]) if parts else np.zeros(0) for i in range(4)]


READERS = {
    "AEDAT 2.0": ("tonic", "evutils"), "AEDAT 3.1": ("tonic", "evutils"),
    "AEDAT 4.0": ("dv_processing", "faery", "aedat"),
    "Prophesee EVT 2.0": ("faery", "expelliarmus", "evutils"), "Prophesee EVT 2.1": ("evutils",),
    "Prophesee EVT 3.0": ("faery", "expelliarmus", "evutils"), "Prophesee EVT 4.0": ("evutils",),
    "Prophesee DAT 1": ("faery",), "Prophesee DAT 2": ("faery", "expelliarmus", "evutils"),
    "Event Stream": ("event_stream", "faery"), "N-MNIST": ("tonic", "numpy"), "CSV": ("numpy", "faery"),
    "NPY": ("numpy",), "NPZ": ("numpy",), "HDF5": ("h5py",),
    "ROS 1 bag": ("rosbags",), "ROS 2 bag": ("rosbags",), "MCAP": ("rosbags",),
}


def alarm(number, frame):
    raise TimeoutError("did not end within 30 s")


def main():
    program, bad = sys.argv[1], 0
    for path in sys.argv[2:]:
        info = json.loads(subprocess.run([program, "info", "--json", path], capture_output=True, check=True).stdout)
        ours = [info["digest"][k] for k in ("time", "x", "y", "polarity")]
        count = info["rows"][0]["count"]
        kind = info["format"]
        name = path.split("/")[-1]
        for reader in READERS.get(kind, ()):
            signal.signal(signal.SIGALRM, alarm)
            signal.alarm(30)
            try:
                columns = globals()["with_" + reader](path, kind, (info.get("sensor") or {}).get("height", 0))
                theirs = digests(*columns)
            except Exception as error:
                print(f"{name:28} {kind:18} {reader:14} cannot: {type(error).__name__}: {str(error)[:90]}")
                continue
            finally:
                signal.alarm(0)
            differing = [f for f, a, b in zip("txyp", ours, theirs) if a != b]
            if not differing:
                print(f"{name:28} {kind:18} {reader:14} agrees, {count} events")
            else:
                why = KNOWN.get((reader, kind))
                print(f"{name:28} {kind:18} {reader:14} DIFFERS in {','.join(differing)}, {len(columns[0])} events "
                      f"for {count}, last t {columns[0][-1] if len(columns[0]) else None}" + (f" (known: {why})" if why else ""))
                bad += why is None
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
