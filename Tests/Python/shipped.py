"""Where the shipped recordings, models and recorded results are."""

import json
import os
import wave

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def recording(name):
    return os.path.join(ROOT, "Samples", "recordings", name)


def model(name):
    return os.path.join(ROOT, "Samples", "models", name + ".safetensors")


def recorded(name, of=None):
    """Recorded results of the program, without their source; those of one recording, or of all."""
    with open(os.path.join(ROOT, ".ci", "expected", name + ".ndjson")) as lines:
        found = [json.loads(line) for line in lines]
    return [without_source(line) for line in found if of is None or line["source"].endswith(of)]


def without_source(result):
    return {key: value for key, value in result.items() if key != "source"}


def sound(name):
    """Samples and rate of a WAV of 16 bits."""
    with wave.open(recording(name)) as file:
        assert file.getsampwidth() == 2 and file.getnchannels() == 1
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()
