#!/usr/bin/env python3
"""Runs a model of Ganglion with numpy alone: reader.py MODEL FRAMES.npy prints the outputs, a line a step.

It follows format.md word by word for the layers that event-digits-small is made of, and no further."""
import json
import struct
import sys

import numpy as np


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    manifest = json.loads(header.pop("__metadata__")["ganglion"])
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], "<f4").reshape(entry["shape"])
    return manifest, tensors


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def convolve(x, weight, stride=1, padding=1):  # x [height, width, in], weight [height, width, in, out]
    x = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[:2], (0, 1))[::stride, ::stride]
    return np.einsum("yxckl,klco->yxo", windows, weight)


def attend(f, p):  # the channel map, then the spatial one
    inner = [p["inner"].T @ v + p["innerBias"] >= 0 for v in (f.mean((0, 1)), f.max((0, 1)))]
    f = f * (p["outer"].T @ (inner[0] * 1.0 + inner[1]) + p["outerBias"] >= 1)
    both = np.stack([f.mean(2), f.max(2)], 2)
    return f * (convolve(both, p["spatial"][..., None]) + p["spatialBias"] >= 1)


def step(layers, tensors, x, states):
    for number, layer in enumerate(layers):
        ((kind, o),) = layer.items()
        head = f"layers.{number}."
        p = {name[len(head) :]: tensor for name, tensor in tensors.items() if name.startswith(head)}
        if kind == "channelsLast":
            x = x.transpose(1, 2, 0)
        elif kind == "conv":
            x = convolve(x, p["weight"], o["stride"], o["padding"])
        elif kind == "batchNorm":
            x = (x - p["mean"]) / np.sqrt(p["variance"] + o["epsilon"]) * p["gain"] + p["shift"]
        elif kind == "neurons":
            u = o["decay"] * states.get(number, 0) + x
            x = (u >= o["threshold"]) * 1.0
            states[number] = u - o["threshold"] * x
        elif kind == "convLSTM":
            h, c = states.get(number, (np.zeros(x.shape[:2] + (o["channels"],)),) * 2)
            bias = np.concatenate([p[gate + "Bias"] for gate in ("input", "forget", "output", "candidate")])
            gates = convolve(x, p["inputWeight"]) + convolve(h, p["hiddenWeight"]) + bias
            i, f, out, g = np.split(gates, 4, 2)
            attention = {name[10:]: tensor for name, tensor in p.items() if name.startswith("attention.")}
            c = attend(sigmoid(f), attention) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(out) * np.tanh(c)
            states[number] = h, c
            x = (h >= o["threshold"]) * 1.0
        elif kind == "pool":
            size = o["size"]
            height, width = x.shape[0] // size, x.shape[1] // size
            x = x[: height * size, : width * size].reshape(height, size, width, size, -1).sum((1, 3))
        elif kind == "flatten":
            x = x.reshape(-1)
        elif kind == "dense":
            x = x @ p["weight"][0] + p["bias"]
        elif kind != "dropout":
            sys.exit(f"layer {number} is {kind}, which is not told here")
    return x


def outputs(path, frames):
    manifest, tensors = read(path)
    states = {}
    frames = np.asarray(frames, np.float64).reshape(-1, *manifest["network"]["input"])
    return np.array([step(manifest["network"]["layers"], tensors, frame, states) for frame in frames])


if __name__ == "__main__":
    np.savetxt(sys.stdout, outputs(sys.argv[1], np.load(sys.argv[2])), "%.4f")
