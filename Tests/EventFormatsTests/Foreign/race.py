"""Measures Ganglion's readers and those of other projects side by side, in one run, one after the other.

    race.py GANGLION [-r REPEATS] [--binning] FILE...

Every reader runs in a process of its own, reads the whole file REPEATS + 1 times and does not count the first; the
figure is million events a second of CPU time (user and system), the median. The last column compares the number of
events and the last time with Ganglion's. Readers come from agree.py, and those that give events in chunks do so here.
With --binning the files are arrays of events (NPY) that are counted into 2 x height x width frames of 10 ms; reading
them is not measured. The table is Markdown.
"""
import json
import os
import resource
import statistics
import subprocess
import sys

# Give every reader one thread.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[variable] = "1"


def chunks(reader, path, kind):
    """Reads a file piece by piece where the project can; returns the number of events and the last time."""
    count, last = 0, None
    if reader == "expelliarmus":
        from expelliarmus import Wizard
        name = {"Prophesee EVT 2.0": "evt2", "Prophesee EVT 3.0": "evt3", "Prophesee DAT 2": "dat"}[kind]
        parts, field = Wizard(encoding=name, fpath=path, chunk_size=65536).read_chunk(), "t"
    elif reader == "faery":
        import faery
        options = {}
        if path.endswith(".raw"):
            options = dict(version_fallback="evt2" if "2.0" in kind else "evt3")
        parts, field = faery.events_stream_from_file(path, **options), "t"
    elif reader == "aedat":
        import aedat
        parts, field = (q["events"] for q in aedat.Decoder(path) if "events" in q), "t"
    elif reader == "event_stream":
        import event_stream
        parts, field = event_stream.Decoder(path), "t"
    elif reader == "dv_processing":
        import dv_processing as dv
        recording = dv.io.MonoCameraRecording(path)
        while recording.isRunning():
            batch = recording.getNextEventBatch()
            if batch is not None and batch.size():
                count, last = count + batch.size(), batch.getHighestTime()
        return count, last
    elif reader == "evutils":
        from evutils.io import EventReader
        a = EventReader(path, max_events=100_000_000).read_all()
        a = a[0] if isinstance(a, tuple) else a
        return len(a), int(a.t[-1])
    elif reader == "numpy":
        import numpy as np
        if kind == "NPY":
            a = np.load(path)
            t, x, y, p = (np.ascontiguousarray(a[k]) for k in "txyp")
        elif kind == "N-MNIST":
            r = np.fromfile(path, "u1").reshape(-1, 5)
            t = (r[:, 2].astype("i8") & 127) << 16 | r[:, 3].astype("i8") << 8 | r[:, 4]
            x, y, p = r[:, 0].astype("u2"), r[:, 1].astype("u2"), r[:, 2] >> 7
        else:
            a = np.loadtxt(path, delimiter=",", skiprows=1, dtype="i8")
            t = a[:, 0]
        return len(t), int(t[-1])
    elif reader == "polars":
        import polars
        t = polars.read_csv(path)[:, 0].to_numpy()
        return len(t), int(t[-1])
    elif reader == "tonic":
        import numpy as np
        import tonic.io
        a = tonic.io.read_mnist_file(path, dtype=np.dtype([("x", int), ("y", int), ("t", int), ("p", int)]))
        return len(a), int(a["t"][-1])
    elif reader == "h5py":
        import h5py
        with h5py.File(path) as f:
            t, x, y, p = (f["events/" + k][()] for k in "txyp")
        return len(t), int(t[-1])
    elif reader == "rosbags":
        # Arrays of events become objects there, which are put into columns; bytes of packets are given as they are.
        from agree import with_rosbags
        t = with_rosbags(path, kind, 0)[0]
        return len(t), int(t[-1])
    for part in parts:
        if len(part):
            count, last = count + len(part), int(part[field][-1])
    return count, last


def unpack(path):
    """What no reader of AEDAT 4 can be quicker than: the packets are read and unpacked by the libraries that Ganglion
    links, and nobody looks at what comes out."""
    import ctypes
    lz4, zstd = ctypes.CDLL("liblz4.so.1"), ctypes.CDLL("libzstd.so.1")
    for name in ("LZ4F_decompress", "ZSTD_decompressDCtx"):
        getattr(lz4 if name[0] == "L" else zstd, name).restype = ctypes.c_size_t
    zstd.ZSTD_createDCtx.restype = ctypes.c_void_p
    context, zstd_context = ctypes.c_void_p(), ctypes.c_void_p(zstd.ZSTD_createDCtx())
    lz4.LZ4F_createDecompressionContext(ctypes.byref(context), 100)
    room = 24 << 20
    output = ctypes.create_string_buffer(room)
    with open(path, "rb") as file:
        file.read(14)
        file.read(int.from_bytes(file.read(4), "little"))
        while True:
            head = file.read(8)
            if len(head) < 8:
                return
            size = int.from_bytes(head[4:], "little")
            data = file.read(size)
            if data[:4] == b"\x04\x22\x4d\x18":
                written, taken = ctypes.c_size_t(room), ctypes.c_size_t(len(data))
                lz4.LZ4F_decompress(context, output, ctypes.byref(written), data, ctypes.byref(taken), None)
            elif data[:4] == b"\x28\xb5\x2f\xfd":
                zstd.ZSTD_decompressDCtx(zstd_context, output, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)))
            else:
                return


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def child(reader, path, kind, repeats, count, last):
    rates = []
    for turn in range(repeats + 1):
        start = cpu()
        if reader == "unpacking":
            unpack(path)
        else:
            count, last = chunks(reader, path, kind)
        if turn:
            rates.append(count / (cpu() - start) / 1e6)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(dict(rate=statistics.median(rates), low=min(rates), high=max(rates), count=count, last=last, memory=memory)))


def binned(peer, path, width, height):
    """Gives a function that counts all events into frames of 10 ms, and the number of events."""
    import numpy as np
    a = np.load(path)
    t, x, y, p = (np.ascontiguousarray(a[k]) for k in "txyp")
    edges = np.searchsorted(t, np.arange(t[0], t[-1] + 10_001, 10_000))
    pairs = list(zip(edges, edges[1:]))
    if peer == "evutils":
        from evutils.dense import histogram
        from evutils.types import EventArray
        parts = [EventArray(t=t[i:j], x=x[i:j], y=y[i:j], p=p[i:j]) for i, j in pairs]

        def body():
            for part in parts:
                histogram(part, width=width, height=height)
        return body, int(edges[-1] - edges[0])

    def count():
        for i, j in pairs:
            place = (p[i:j].astype(np.int64) * height + y[i:j]) * width + x[i:j]
            np.bincount(place, minlength=2 * width * height)
    return count, int(edges[-1] - edges[0])


def binning_child(peer, path, width, height, repeats):
    body, count = binned(peer, path, width, height)
    rates = []
    for turn in range(repeats + 1):
        start = cpu()
        body()
        if turn:
            rates.append(count / (cpu() - start) / 1e6)
    print(json.dumps(dict(rate=statistics.median(rates), low=min(rates), high=max(rates))))


def binning(program, files, repeats):
    import numpy as np
    print("| events | sensor | binning | Mev/s | range | ganglion is |\n|---|---|---|---|---|---|")
    for path in files:
        a = np.load(path, mmap_mode="r")
        width, height = int(a["x"].max()) + 1, int(a["y"].max()) + 1
        size = f"{width}x{height}"
        ours = None
        for name, flags in (("ganglion, frames", ["--dense"]), ("ganglion, lists", [])):
            line = [program, "benchmark", "events", "--binning", *flags, "--sensor", size, "--repeats", str(repeats), path]
            fields = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
            ours = ours or float(fields[-3])
            print(f"| {len(a)} | {size} | {name} | {float(fields[-3]):.0f} | {fields[-2]} | |", flush=True)
        for peer in ("evutils", "numpy"):
            line = [sys.executable, __file__, "--binning-child", peer, path, str(width), str(height), str(repeats)]
            r = json.loads(subprocess.run(line, capture_output=True, text=True).stdout.splitlines()[-1])
            print(f"| {len(a)} | {size} | {peer} | {r['rate']:.0f} | {r['low']:.0f}-{r['high']:.0f} | x {ours / r['rate']:.2f} |", flush=True)


PEERS = {
    "AEDAT 2.0": ("evutils",), "AEDAT 3.1": ("evutils",), "AEDAT 4.0": ("unpacking", "dv_processing", "faery", "aedat"),
    "Prophesee EVT 2.0": ("expelliarmus", "evutils", "faery"), "Prophesee EVT 2.1": ("evutils",),
    "Prophesee EVT 3.0": ("evutils", "expelliarmus", "faery"), "Prophesee EVT 4.0": ("evutils",),
    "Prophesee DAT 2": ("expelliarmus", "evutils", "faery"), "Event Stream": ("event_stream", "faery"),
    "N-MNIST": ("tonic", "numpy"), "CSV": ("polars", "faery", "numpy"), "NPY": ("numpy",), "HDF5": ("h5py", "evutils"),
    "ROS 1 bag": ("rosbags",), "ROS 2 bag": ("rosbags",), "MCAP": ("rosbags",),
}


def main():
    if sys.argv[1] == "--child":
        return child(*sys.argv[2:5], *map(int, sys.argv[5:]))
    if sys.argv[1] == "--binning-child":
        return binning_child(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    program, arguments, repeats = sys.argv[1], sys.argv[2:], 3
    if arguments[0] == "-r":
        repeats, arguments = int(arguments[1]), arguments[2:]
    if arguments[0] == "--binning":
        return binning(program, arguments[1:], repeats)
    print("| file | bytes/event | reader | Mev/s | range | MiB | result | ganglion is |\n|---|---|---|---|---|---|---|---|")
    for path in arguments:
        info = json.loads(subprocess.run([program, "info", "--json", "--no-digest", path], capture_output=True, check=True).stdout)
        kind, row, name = info["format"], info["rows"][0], path.split("/")[-1]
        size = info["bytes"] / row["count"]
        out = subprocess.run([program, "benchmark", "events", "--repeats", str(repeats), path], capture_output=True, text=True, check=True).stdout
        fields = out.splitlines()[-1].split()
        ours = float(fields[-3])
        print(f"| {name} | {size:.1f} | ganglion | {ours:.0f} | {fields[-2]} | {fields[-1]} | {row['count']} events, last {row['lastMicroseconds']} | |", flush=True)
        for reader in PEERS.get(kind, ()):
            if reader == "unpacking" and size > 12:
                continue
            known = [str(row["count"]), str(row["lastMicroseconds"])]
            try:
                run = subprocess.run([sys.executable, __file__, "--child", reader, path, kind, str(repeats), *known], capture_output=True, text=True, timeout=240)
                r = json.loads(run.stdout.splitlines()[-1])
            except Exception:
                print(f"| {name} | | {reader} | | | | cannot read it | |", flush=True)
                continue
            same = (r["count"], r["last"]) == (row["count"], row["lastMicroseconds"])
            result = "nobody looks" if reader == "unpacking" else "the same" if same else f"**differs**: {r['count']} events, last {r['last']}"
            print(f"| {name} | | {reader} | {r['rate']:.1f} | {r['low']:.1f}-{r['high']:.1f} | {r['memory']} | {result} | x {ours / r['rate']:.2f} |", flush=True)


main()
