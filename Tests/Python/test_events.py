import json
import os
import struct
import subprocess
import tempfile
import threading
import unittest

import ganglion
import numpy as np
from shipped import recording

FILM = recording("event-digits/five-in-a-row.raw")


def columns(events):
    return [getattr(events, name).tolist() for name in "txyp"]


def some_events(count=5_000, seed=1):
    random = np.random.default_rng(seed)
    return ganglion.Events(
        np.cumsum(random.integers(0, 50, count)), random.integers(0, 34, count), random.integers(0, 34, count),
        random.integers(0, 2, count), 34, 34)  # fmt: skip


class Reading(unittest.TestCase):
    def test_the_bytes_of_an_evt2_recording_are_what_is_read(self):
        # Read here once more, by the specification: 32-bit words, type, six bits of time, x and y.
        with open(FILM, "rb") as file:
            data = file.read()
        while data.startswith(b"%"):
            data = data[data.index(b"\n") + 1 :]
        high, wanted = 0, [[], [], [], []]
        for (word,) in struct.iter_unpack("<I", data[: len(data) // 4 * 4]):
            kind = word >> 28
            if kind == 8:
                high = word & 0xFFFFFFF
            elif kind in (0, 1):
                for column, value in zip(wanted, (high << 6 | word >> 22 & 63, word >> 11 & 2047, word & 2047, kind)):
                    column.append(value)
        events = ganglion.read(FILM)
        self.assertEqual(columns(events), wanted)
        self.assertEqual((events.width, events.height), (34, 34))
        self.assertIn("EVT 2.0", events.about["format"])
        self.assertEqual([events.t.dtype, events.x.dtype, events.y.dtype, events.p.dtype], ["i8", "u2", "u2", "u1"])

    def test_parts_of_any_size_are_the_whole(self):
        whole = ganglion.read(FILM)
        for size in (1, 777, 20_020, 1 << 20):
            parts = list(ganglion.stream(FILM, events=size))
            self.assertEqual([len(part) for part in parts[:-1]], [size] * (len(parts) - 1))
            for name in "txyp":
                joined = np.concatenate([getattr(part, name) for part in parts])
                self.assertTrue((joined == getattr(whole, name)).all())

    def test_filters_are_those_of_the_program(self):
        kept = ganglion.read(FILM, filters=["polarity=on", "crop=4,4,20,20"])
        whole = ganglion.read(FILM)
        inside = whole[(whole.p == 1) & (whole.x >= 4) & (whole.x < 24) & (whole.y >= 4) & (whole.y < 24)]
        self.assertEqual(kept.t.tolist(), inside.t.tolist())
        self.assertEqual((kept.width, kept.height), (20, 20))

    def test_info_is_that_of_the_program(self):
        info = ganglion.info(FILM)
        self.assertEqual(info["rows"][0]["count"], len(ganglion.read(FILM)))
        told = subprocess.run(["ganglion", "info", "--json", "--digest", FILM], capture_output=True, check=True)
        self.assertEqual(info, json.loads(told.stdout))

    def test_several_threads_read_at_once(self):
        wanted, found = ganglion.read(FILM).t.tolist(), []
        threads = [threading.Thread(target=lambda: found.append(ganglion.read(FILM).t.tolist())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [wanted] * 8)


class Writing(unittest.TestCase):
    def test_what_is_written_is_read_again(self):
        events = some_events()
        for ending in ("aedat4", "raw", "dat", "es", "csv", "npy", "npz", "h5"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "events." + ending)
                ganglion.write(path, events)
                self.assertEqual(columns(ganglion.read(path, sensor=(34, 34))), columns(events), ending)

    def test_parts_are_written_as_they_come(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.npy")
            with ganglion.Writer(path, 34, 34) as writer:
                for part in ganglion.stream(FILM, events=999):
                    writer.write(part)
            self.assertEqual(columns(ganglion.read(path)), columns(ganglion.read(FILM)))
            self.assertEqual(np.load(path).shape[0], len(ganglion.read(FILM)))

    def test_columns_that_hold_no_events_are_refused(self):
        with self.assertRaisesRegex(ganglion.UsageError, "one length"):
            ganglion.Events([1, 2], [1], [1], [1])
        with self.assertRaisesRegex(ganglion.UsageError, "does not hold"):
            ganglion.Events([1], [70_000], [1], [1])
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(ganglion.UsageError, "polarity 3"):
            ganglion.write(os.path.join(folder, "a.npy"), ganglion.Events([1], [1], [1], [3]), 2, 2)


class Failures(unittest.TestCase):
    def test_errors_are_of_their_kind_and_name_the_file(self):
        with self.assertRaisesRegex(ganglion.Missing, "nowhere.raw") as caught:
            ganglion.read("/nowhere.raw")
        self.assertIsInstance(caught.exception, FileNotFoundError)
        with self.assertRaisesRegex(ganglion.UsageError, "no format|allowed is"):
            ganglion.read(FILM, format="evt9")
        with self.assertRaisesRegex(ganglion.UsageError, "there is no option 'colour'"):
            ganglion.read(FILM, colour="red")
        with tempfile.NamedTemporaryFile(suffix=".raw") as file:
            file.write(b"\x93\xfe\x01 no events at all" * 9)
            file.flush()
            with self.assertRaises(ganglion.BadInput) as caught:
                ganglion.read(file.name)
            self.assertIn(file.name, str(caught.exception))
        with self.assertRaises(ganglion.OutputError):
            ganglion.write("/nowhere/at/all.npy", some_events(10))


if __name__ == "__main__":
    unittest.main()
