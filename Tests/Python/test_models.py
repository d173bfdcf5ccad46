import json
import os
import subprocess
import tempfile
import unittest

import ganglion
import numpy as np
from shipped import model, recorded, recording, sound, without_source


def by_program(name, path, *options):
    """What `ganglion run` prints."""
    command = ["ganglion", "run", "--model", model(name), *options, path]
    done = subprocess.run(command, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Models(unittest.TestCase):
    def test_sound_gives_the_recorded_results(self):
        digits = ganglion.load(model("digits"))
        self.assertTrue(digits.listens)
        for name in ("five-lucas", "nine-nicolas", "seven-theo", "three-jackson", "zero-george"):
            samples, rate = sound(f"digits/{name}.wav")
            found = [without_source(result) for result in digits.run(samples, rate)]
            self.assertEqual(found, recorded("digits", name + ".wav"), name)

    def test_scores_are_those_of_the_program(self):
        samples, rate = sound("digits/seven-theo.wav")
        found = ganglion.load(model("digits")).run(samples, rate, scores=True)
        self.assertEqual([without_source(result) for result in found], recorded("digits-scores"))

    def test_events_give_the_recorded_results_from_arrays_and_files(self):
        watching = ganglion.load(model("event-digits"))
        self.assertFalse(watching.listens)
        path = recording("event-digits/five-in-a-row.raw")
        wanted = recorded("event-digits", "five-in-a-row.raw")
        self.assertGreater(len(wanted), 3)
        for found in (watching.run(path), watching.run(ganglion.read(path))):
            self.assertEqual([without_source(result) for result in found], wanted)

    def test_files_of_sound_give_the_recorded_results(self):
        digits = ganglion.load(model("digits"))
        found = [without_source(result) for result in digits.run(recording("digits/five-in-a-row.flac"))]
        self.assertEqual(found, recorded("digits", "five-in-a-row.flac"))
        # 6 decibels less are another sound, and the program hears the same in it.
        path = recording("digits/seven-theo.wav")
        self.assertEqual(digits.run(path, scores=True, gain=-6), by_program("digits", path, "--scores", "--gain=-6"))

    def test_a_stray_event_before_a_recording_changes_nothing(self):
        watching = ganglion.load(model("event-digits"))
        events = ganglion.read(recording("event-digits/five-in-a-row.raw"))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "stray.npy")
            stray = ganglion.Events([0], [3], [3], [1])
            late = events.t - events.t[0] + 60_000_000
            ganglion.write(
                path,
                ganglion.Events(
                    np.append(stray.t, late), np.append(stray.x, events.x), np.append(stray.y, events.y),
                    np.append(stray.p, events.p), 34, 34))  # fmt: skip
            found = watching.run(path)
            self.assertEqual(found, by_program("event-digits", path))
            wanted = recorded("event-digits", "five-in-a-row.raw")
            self.assertEqual([without_source(result) for result in found], wanted)

    def test_what_came_before_a_failure_is_told_first(self):
        digits, found = ganglion.load(model("digits")), []
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cut.flac")
            with open(recording("digits/five-in-a-row.flac"), "rb") as whole, open(path, "wb") as cut:
                cut.write(whole.read()[:-9_000])
            with self.assertRaisesRegex(ganglion.BadInput, "cut.flac"):
                for result in digits.stream(source=path).read(path):
                    found.append(result["label"])
            self.assertGreater(len(found), 1)

    def test_sensitivity_and_options_reach_the_model(self):
        path = recording("gestures/08-arm-roll.bin")
        found = ganglion.load(model("gestures"), "high").run(path, format="nmnist", sensor=(128, 128))
        self.assertEqual([without_source(result) for result in found], recorded("gestures", "08-arm-roll.bin"))
        with self.assertRaisesRegex(ganglion.ConfigurationError, "loud"):
            ganglion.load(model("gestures"), "loud")

    def test_blocks_of_any_size_give_the_same(self):
        digits = ganglion.load(model("digits"))
        samples, rate = sound("digits/seven-theo.wav")
        whole = digits.run(samples, rate, scores=True)
        for size in (1, 100, 1_023):
            stream, found = digits.stream(scores=True), []
            for place in range(0, len(samples), size):
                found += stream.push(samples[place : place + size], rate)
            self.assertEqual(found + stream.finish(), whole, size)

    def test_the_wrong_sense_and_missing_rates_are_refused(self):
        with self.assertRaisesRegex(ganglion.UsageError, "listens"):
            ganglion.load(model("digits")).run(ganglion.Events([1], [1], [1], [1]))
        with self.assertRaisesRegex(ValueError, "rate"):
            ganglion.load(model("digits")).run(np.zeros(10, np.float32))
        with self.assertRaises(ganglion.Missing):
            ganglion.load("/nowhere.safetensors")


class Encoding(unittest.TestCase):
    def test_blocks_of_any_size_give_the_same_spikes(self):
        samples, rate = sound("digits/seven-theo.wav")
        encoder = ganglion.Spiketrum(rate)
        whole = encoder.encode(samples)
        self.assertGreater(len(whole), 100)
        for size in (7, 800):
            encoder = ganglion.Spiketrum(rate)
            parts = [encoder.push(samples[place : place + size]) for place in range(0, len(samples), size)]
            parts.append(encoder.finish())
            for name in ("step", "channel", "value"):
                joined = np.concatenate([getattr(part, name) for part in parts])
                self.assertEqual(joined.tolist(), getattr(whole, name).tolist())
        self.assertEqual(whole.dense().shape, (whole.steps, 120))
        self.assertEqual(whole.dense().sum(), whole.value.sum())

    def test_a_model_has_its_own_encoder(self):
        frames = ganglion.load(model("event-digits")).encoder().encode(
            ganglion.read(recording("event-digits/five-in-a-row.raw")))  # fmt: skip
        self.assertGreater(frames.steps, 10)
        self.assertLess(frames.channel.max(), frames.channels)

    def test_settings_that_make_no_encoder_are_told(self):
        with self.assertRaisesRegex(ganglion.GanglionError, "binMicroseconds"):
            ganglion.Spiketrum(8_000, binMicroseconds=-1)
        with self.assertRaisesRegex(ganglion.UsageError, "spiketrum"):
            ganglion.Encoder({"cochlea": {}})


if __name__ == "__main__":
    unittest.main()
