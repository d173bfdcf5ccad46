#!/usr/bin/env python3
"""race.py RECORDING [-r TURNS]: million events a second of CPU into numpy, whole recordings, by this package and by others.

The recording is written in each format by `ganglion convert` (in PATH) and read by every reader of it that is installed here
(PyPI: expelliarmus, evutils, faery, numpy), each turn in a process of its own. All have to find the same events: the number of
them and the sums of their columns.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

FORMATS = {"evt2": "raw", "evt3": "raw", "dat2": "dat", "aedat4": "aedat4", "es": "es", "csv": "csv", "npy": "npy"}


def by_ganglion(path, _):
    import ganglion

    events = ganglion.read(path)
    return events.t, events.x, events.y, events.p


def by_expelliarmus(path, format):
    from expelliarmus import Wizard

    found = Wizard(encoding={"dat2": "dat"}.get(format, format), fpath=path).read()
    return found["t"], found["x"], found["y"], found["p"]


def by_evutils(path, _):
    from evutils.io import EventReader

    found = EventReader(path, max_events=1 << 30).read_all()
    found = found[0] if isinstance(found, tuple) else found
    return found.t, found.x, found.y, found.p


def by_faery(path, format):
    import faery

    options = {"version_fallback": format} if format.startswith("evt") else {}
    found = faery.events_stream_from_file(path, **options).to_array()
    return found["t"], found["x"], found["y"], found["on"]


def by_numpy(path, format):
    import numpy as np

    if format == "csv":
        found = np.loadtxt(path, delimiter=",", dtype=np.int64, skiprows=1)
        return tuple(found.T)
    found = np.load(path)
    return found["t"], found["x"], found["y"], found["p"]


READERS = {
    "ganglion": (by_ganglion, list(FORMATS)),
    "expelliarmus": (by_expelliarmus, ["evt2", "evt3", "dat2"]),
    "evutils": (by_evutils, ["evt2", "evt3", "dat2", "aedat4", "csv"]),
    "faery": (by_faery, ["evt2", "evt3", "dat2", "aedat4", "es", "csv"]),
    "numpy": (by_numpy, ["csv", "npy"]),
}


def turn(reader, format, path):
    """One reading: seconds of CPU, and what was found."""
    read = READERS[reader][0]
    read(path, format)  # imports, and the file into the cache
    begin = time.process_time()
    columns = read(path, format)
    seconds = time.process_time() - begin
    # Times count from the first: some take it away.
    t = columns[0].astype("int64")
    sums = [len(t), int((t - t[0]).sum())] + [int(column.astype("int64").sum()) for column in columns[1:]]
    print(json.dumps([seconds, sums]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording")
    parser.add_argument("-r", "--turns", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for format, ending in FORMATS.items():
            path = os.path.join(folder, f"{format}.{ending}")
            convert = ["ganglion", "convert", "-q", given.recording, path, "--format", format]
            subprocess.run(convert, check=True)
            times, wanted = {}, None
            for _ in range(given.turns):
                for reader, (_, formats) in READERS.items():
                    if format not in formats:
                        continue
                    command = [sys.executable, __file__, "--turn", reader, format, path]
                    done = subprocess.run(command, capture_output=True, text=True)
                    if done.returncode != 0:
                        times[reader] = (done.stderr.strip().splitlines() or ["failed"])[-1][:70]
                        continue
                    seconds, sums = json.loads(done.stdout.splitlines()[-1])
                    wanted = wanted or sums
                    if sums != wanted:
                        times[reader] = f"finds other events: {sums} instead of {wanted}"
                    elif not isinstance(times.get(reader), str):
                        times.setdefault(reader, []).append(seconds)
            speeds = {
                reader: wanted[0] / statistics.median(found) / 1e6
                for reader, found in times.items()
                if isinstance(found, list)
            }
            others = [speed for reader, speed in speeds.items() if reader != "ganglion"]
            line = ", ".join(f"{reader} {speed:.0f}" for reader, speed in speeds.items())
            if others:
                line += f"; {speeds['ganglion'] / max(others):.1f} times the fastest other"
            print(f"{format}: {line}", flush=True)
            for reader, found in times.items():
                if isinstance(found, str):
                    print(f"{format}: {reader}: {found}", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--turn"]:
        turn(*sys.argv[2:5])
    else:
        main()
