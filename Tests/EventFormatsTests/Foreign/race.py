"""Measures Ganglion's readers and those of other projects side by side, in one run, one after the other.

    race.py GANGLION [-r REPEATS] FILE...

Every reader runs in a process of its own, reads the whole file REPEATS + 1 times and does not count the first; the
figure is million events a second of CPU time (user and system), the median. The last column compares the number of
events and the last time with Ganglion's. Readers come from agree.py, and those that give events in chunks do so here.
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
    for part in parts:
        if len(part):
            count, last = count + len(part), int(part[field][-1])
    return count, last


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def child(reader, path, kind, repeats):
    rates = []
    for turn in range(repeats + 1):
        start = cpu()
        count, last = chunks(reader, path, kind)
        if turn:
            rates.append(count / (cpu() - start) / 1e6)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(dict(rate=statistics.median(rates), low=min(rates), high=max(rates), count=count, last=last, memory=memory)))


PEERS = {
    "AEDAT 2.0": ("evutils",), "AEDAT 3.1": ("evutils",), "AEDAT 4.0": ("dv_processing", "faery", "aedat"),
    "Prophesee EVT 2.0": ("expelliarmus", "evutils", "faery"), "Prophesee EVT 2.1": ("evutils",),
    "Prophesee EVT 3.0": ("evutils", "expelliarmus", "faery"), "Prophesee EVT 4.0": ("evutils",),
    "Prophesee DAT 2": ("expelliarmus", "evutils", "faery"), "Event Stream": ("event_stream", "faery"),
}


def main():
    if sys.argv[1] == "--child":
        child(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
        return
    program, arguments, repeats = sys.argv[1], sys.argv[2:], 3
    if arguments[0] == "-r":
        repeats, arguments = int(arguments[1]), arguments[2:]
    print(f"{'file':24} {'reader':14} {'Mev/s':>8} {'range':>16} {'MiB':>5}  result")
    for path in arguments:
        info = json.loads(subprocess.run([program, "info", "--json", "--no-digest", path], capture_output=True, check=True).stdout)
        kind, row, name = info["format"], info["rows"][0], path.split("/")[-1]
        out = subprocess.run([program, "benchmark", "events", "--repeats", str(repeats), path], capture_output=True, text=True, check=True).stdout
        fields = out.splitlines()[-1].split()
        ours = float(fields[-3])
        print(f"{name:24} {'ganglion':14} {ours:8.1f} {fields[-2]:>16} {fields[-1]:>5}  {row['count']} events, last {row['lastMicroseconds']}", flush=True)
        for reader in PEERS.get(kind, ()):
            try:
                run = subprocess.run([sys.executable, __file__, "--child", reader, path, kind, str(repeats)], capture_output=True, text=True, timeout=120)
                r = json.loads(run.stdout.splitlines()[-1])
            except Exception:
                print(f"{name:24} {reader:14} cannot read it", flush=True)
                continue
            result = "the same" if (r["count"], r["last"]) == (row["count"], row["lastMicroseconds"]) else f"DIFFERS: {r['count']} events, last {r['last']}"
            print(f"{name:24} {reader:14} {r['rate']:8.1f} {r['low']:7.1f}-{r['high']:.1f} {r['memory']:>8}  {result}; ganglion x {ours / r['rate']:.2f}", flush=True)


main()
