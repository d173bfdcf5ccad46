"""Sound and events as the frames that networks take."""

import ctypes
import json
from ctypes import POINTER, c_float, c_int64, c_ssize_t, c_uint32
from dataclasses import dataclass

import numpy as np

from ._library import Handle, call
from .events import pointers


@dataclass
class Spikes:
    """Inputs that are not zero: at `step` the input `channel` is `value` (a count of spikes, or a current).

    step: int64; channel: uint32; value: float32; `steps` and `channels` are the extents of the whole.
    """

    step: np.ndarray
    channel: np.ndarray
    value: np.ndarray
    steps: int
    channels: int

    def __len__(self):
        return len(self.step)

    def dense(self):
        """All inputs of all steps, float32 [steps, channels]."""
        frames = np.zeros((self.steps, self.channels), np.float32)
        frames[self.step, self.channel] = self.value
        return frames


def samples_of(sound):
    """Mono samples as the library takes them: float32 of about -1 to 1; integers are scaled by their range."""
    sound = np.asarray(sound)
    if sound.ndim != 1:
        raise ValueError(f"sound has the shape {sound.shape}; it takes one channel, as sound.mean(axis=1)")
    if sound.dtype.kind == "i":
        sound = sound / -float(np.iinfo(sound.dtype).min)
    elif sound.dtype.kind != "f":
        raise ValueError(f"sound is {sound.dtype}; it takes floating-point numbers or signed integers")
    return np.ascontiguousarray(sound, np.float32)


class Encoder:
    """An encoder of sound or events, block by block: the same frames as the program makes, however the stream is cut.

    configuration: as a model's manifest has it under "encoder": {"spiketrum": {...}}, {"mel": {...}}, {"events": {...}}.
    """

    def __init__(self, configuration):
        self.configuration = configuration
        self._text = json.dumps(configuration).encode()
        self._handle = Handle("encoder", self._text)

    def push(self, block):
        """Takes samples (mono, at the configuration's rate) or Events; the inputs of the steps that are complete."""
        if hasattr(block, "p"):
            call("encoder_push_events", self._handle.pointer, len(block), *pointers(block))
        else:
            samples = samples_of(block)
            call("encoder_push_sound", self._handle.pointer, samples.ctypes.data_as(POINTER(c_float)), len(samples))
        return self._take()

    def finish(self):
        """Ends the stream; the inputs that were left."""
        call("encoder_finish", self._handle.pointer)
        return self._take()

    def encode(self, whole):
        """The inputs of a whole recording. What was pushed before is no part of it."""
        fresh = Encoder(self.configuration)
        first, last = fresh.push(whole), fresh.finish()
        join = np.concatenate
        return Spikes(
            join([first.step, last.step]), join([first.channel, last.channel]), join([first.value, last.value]),
            last.steps, last.channels)  # fmt: skip

    def _take(self):
        waiting, steps, width, count = c_ssize_t(), c_int64(), c_ssize_t(), c_ssize_t()
        call("encoder_waiting", self._handle.pointer, ctypes.byref(waiting), ctypes.byref(steps), ctypes.byref(width))
        room = waiting.value
        step, channel = np.empty(room, np.int64), np.empty(room, np.uint32)
        value = np.empty(room, np.float32)
        call(
            "encoder_take", self._handle.pointer, room, step.ctypes.data_as(POINTER(c_int64)),
            channel.ctypes.data_as(POINTER(c_uint32)), value.ctypes.data_as(POINTER(c_float)),
            ctypes.byref(count))  # fmt: skip
        return Spikes(
            step[: count.value], channel[: count.value], value[: count.value], steps.value, width.value)


class Spiketrum(Encoder):
    """The spiketrum place code: matching pursuit with gammatone kernels, spikes by intensity levels.

    rate: samples a second of the sound. Settings as in a manifest: channelCount (40), lowestFrequency (100, Hz),
    highestFrequency, spikesPerSecond (1000), binMicroseconds (10000), levelEdges ([-22, -14], dB under a running peak), and
    the others of `ganglion info MODEL --json`.
    """

    def __init__(self, rate, **settings):
        usual = {
            "version": 2, "sampleRate": rate, "highPassFrequency": 20, "channelCount": 40, "lowestFrequency": 100,
            "highestFrequency": 0.45 * rate, "order": 4, "phase": 0, "truncation": 1e-3, "spikesPerSecond": 1000,
            "positiveOnly": True, "silenceThreshold": 0.002, "binMicroseconds": 10000, "countClip": 3,
            "levelEdges": [-22, -14], "levelReference": {"runningPeak": {"decayDecibelsPerSecond": 20}},
        }  # fmt: skip
        super().__init__({"spiketrum": usual | settings})
