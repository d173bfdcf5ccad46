import os
import sys
import unittest

import ganglion
import numpy as np
from shipped import ROOT, model, recording

sys.path.insert(0, os.path.join(ROOT, "Samples", "models"))
import reader  # noqa: E402


class Format(unittest.TestCase):
    def test_numpy_alone_gives_the_program_s_scores(self):
        watching = ganglion.load(model("event-digits-small"))
        for name in ("seven", "three"):
            path = recording(f"event-digits/{name}.bin")
            frames = watching.encoder().encode(ganglion.read(path)).dense()
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
