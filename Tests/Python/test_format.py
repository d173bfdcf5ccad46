import os
import subprocess
import sys
import tempfile
import unittest

import ganglion
import numpy as np
from shipped import ROOT, model, recording, sound

sys.path.insert(0, os.path.join(ROOT, "Samples", "models"))
import reader  # noqa: E402


class Format(unittest.TestCase):
    def frames(self, of, path):
        """What `ganglion encode --model` writes."""
        with tempfile.TemporaryDirectory() as folder:
            target = os.path.join(folder, "frames.npy")
            subprocess.run(["ganglion", "encode", "-m", of, path, "-o", target], check=True, stderr=subprocess.DEVNULL)
            return np.load(target)

    def test_frames_of_sound_are_those_of_the_encoder(self):
        samples, _ = sound("digits/seven-theo.wav")
        frames = self.frames(model("digits"), recording("digits/seven-theo.wav"))
        self.assertEqual(frames.dtype, np.float32)
        own = ganglion.load(model("digits")).encoder().encode(samples).dense()
        self.assertEqual(frames.shape, own.shape)
        self.assertTrue((frames == own).all())

    def test_numpy_alone_gives_the_program_s_scores(self):
        watching = ganglion.load(model("event-digits-small"))
        for name in ("seven", "three"):
            path = recording(f"event-digits/{name}.bin")
            frames = self.frames(model("event-digits-small"), path)
            own = watching.encoder().encode(ganglion.read(path)).dense()
            self.assertTrue((frames.reshape(own.shape) == own).all())
            logits = reader.outputs(model("event-digits-small"), frames)
            scores = [result for result in watching.run(path, scores=True) if result["type"] == "score"]
            self.assertGreater(len(scores), 5)
            # A score is the softmax of the mean output over the window.
            step = watching.manifest["encoder"]["events"]["binMicroseconds"]
            window = watching.manifest["decision"]["windowMicroseconds"] // step
            for result in scores:
                end = result["t_us"] // step
                mean = logits[max(0, end - window) : end].mean(0)
                wanted = np.exp(mean - mean.max())
                wanted /= wanted.sum()
                found = [result["scores"][label] for label in watching.labels]
                self.assertLess(np.abs(wanted - found).max(), 0.0002, (name, end))


if __name__ == "__main__":
    unittest.main()
