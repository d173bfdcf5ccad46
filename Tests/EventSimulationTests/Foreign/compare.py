"""Compares simulated event cameras: Ganglion and v2e see the same frames with the same parameters, in one run.

    compare.py GANGLION V2E_FOLDER [--clips FOLDER] [-o OUTPUT]

V2E_FOLDER is a checkout of v2e (its emulator needs numpy, torch, opencv and h5py). Frames are 8 bits, 128 x 128, taken as linear
(gamma 1), and shown to both without interpolation: a bar that moves at several speeds and contrasts, a grey picture, and a
simulated person. Printed as Markdown: events a pixel that the bar passes, the share that is brighter, noise events a pixel and
second, the median time between two events of a pixel, and seconds of CPU. With --clips, recordings of a real DVS128 (five bytes an
event) are put beside the simulated people of the shipped presets. OUTPUT gets event pictures of both as PNG (needs matplotlib).
"""
import argparse
import glob
import os
import resource
import subprocess
import sys
import tempfile

import numpy as np

SIZE = 128
MODEL = dict(threshold=0.2, mismatch=0.03, refractory=500e-6, leak=0.1, shot=1.0)


def bar(speed, contrast, rate=1000, seconds=1.0, width=12):
    """Frames of a bar brighter than its ground by a factor, that moves to the right by so many pixels a second."""
    x = np.arange(SIZE)
    frames = []
    for n in range(int(seconds * rate)):
        left = -width + speed * n / rate
        cover = np.clip(np.minimum(x + 1, left + width) - np.maximum(x, left), 0, 1)
        row = 60 * (1 + (contrast - 1) * cover)
        frames.append(np.repeat(row[None, :], SIZE, 0).round().astype(np.uint8))
    return frames, rate


def grey(level, rate=200, seconds=5.0):
    return [np.full((SIZE, SIZE), level, np.uint8)] * int(seconds * rate), rate


def write(frames, rate, path):
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 Cmono\n" % (SIZE, SIZE, rate))
        for frame in frames:
            file.write(b"FRAME\n" + frame.tobytes())


def read(path):
    data = open(path, "rb").read()
    place = data.index(b"\n") + 1
    rate = int(data[:place].split(b" F")[1].split(b":")[0])
    frames = []
    while place < len(data):
        place += 6
        frames.append(np.frombuffer(data, np.uint8, SIZE * SIZE, place).reshape(SIZE, SIZE))
        place += SIZE * SIZE
    return frames, rate


def cpu(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def ganglion(program, video, cutoff):
    out = video + ".npy"
    options = [
        "--gamma", "1", "--positive-threshold", MODEL["threshold"], "--negative-threshold", MODEL["threshold"],
        "--threshold-mismatch", MODEL["mismatch"], "--cutoff-frequency", cutoff, "--leak-rate", MODEL["leak"],
        "--shot-noise-rate", MODEL["shot"], "--hot-pixel-share", 0, "--refractory-microseconds",
        int(MODEL["refractory"] * 1e6)]
    before = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run([program, "simulate", video, "-o", out, *map(str, options)], check=True, stderr=subprocess.DEVNULL)
    spent = cpu(resource.RUSAGE_CHILDREN) - before
    events = np.load(out)
    return np.stack([events[k].astype(np.float64) for k in "txyp"], 1), spent


def v2e(folder, frames, rate, cutoff):
    sys.path.insert(0, folder)
    import types
    if "screeninfo" not in sys.modules:  # it asks for a screen when it is imported
        sys.modules["screeninfo"] = types.SimpleNamespace(get_monitors=lambda: [])
    import torch
    torch.set_num_threads(1)
    from v2ecore.emulator import EventEmulator
    emulator = EventEmulator(
        pos_thres=MODEL["threshold"], neg_thres=MODEL["threshold"], sigma_thres=MODEL["mismatch"], cutoff_hz=cutoff,
        leak_rate_hz=MODEL["leak"], refractory_period_s=MODEL["refractory"], shot_noise_rate_hz=MODEL["shot"],
        seed=1, device="cpu")
    before = cpu(resource.RUSAGE_SELF)
    parts = [emulator.generate_events(frame.astype(np.float32), n / rate) for n, frame in enumerate(frames)]
    spent = cpu(resource.RUSAGE_SELF) - before
    parts = [p for p in parts if p is not None]
    events = np.concatenate(parts) if parts else np.zeros((0, 4))
    return np.stack([events[:, 0] * 1e6, events[:, 1], events[:, 2], events[:, 3] > 0], 1), spent


def between(events):
    """Median time between two events of a pixel, microseconds."""
    place = events[:, 2] * SIZE + events[:, 1]
    order = np.lexsort((events[:, 0], place))
    time, place = events[order, 0], place[order]
    gaps = np.diff(time)[np.diff(place) == 0]
    return np.median(gaps) if len(gaps) else float("nan")


def row(name, who, events, seconds, spent, pixels):
    rate = len(events) / pixels
    brighter = 100 * events[:, 3].mean() if len(events) else float("nan")
    took = f"{spent / seconds:.3f}" if spent is not None else ""
    print(f"| {name} | {who} | {rate:.2f} | {brighter:.1f} | {between(events) / 1e3:.1f} | {took} |")


def picture(events, begin, length=20_000):
    image = np.full((SIZE, SIZE), 0.5)
    chosen = events[(events[:, 0] >= begin) & (events[:, 0] < begin + length)].astype(int)
    np.add.at(image, (chosen[:, 2], chosen[:, 1]), (chosen[:, 3] * 2 - 1) * 0.25)
    return np.clip(image, 0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ganglion")
    parser.add_argument("v2e")
    parser.add_argument("--clips")
    parser.add_argument("-o", "--output")
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    print("| frames | simulator | events a pixel | brighter, % | median between two, ms | CPU s a second |")
    print("|---|---|---:|---:|---:|---:|")
    pictures = []
    for speed, contrast, cutoff in [(50, 2, 0), (200, 2, 0), (1000, 2, 0), (200, 1.3, 0), (200, 3.5, 0), (200, 2, 100), (1000, 2, 100)]:
        frames, rate = bar(speed, contrast)
        name = f"bar, {speed} px/s, {contrast} times as bright, " + (f"{cutoff} Hz" if cutoff else "no low pass")
        passed = SIZE * min(SIZE, speed)
        write(frames, rate, f"{folder}/bar.y4m")
        for who, (events, spent) in (
                ("Ganglion", ganglion(options.ganglion, f"{folder}/bar.y4m", cutoff)),
                ("v2e", v2e(options.v2e, frames, rate, cutoff))):
            row(name, who, events, len(frames) / rate, spent, passed)
            if speed == 200 and contrast == 2 and cutoff == 0:
                pictures.append((f"{who}: bar", picture(events, 300_000)))
    for level in (20, 200):
        frames, rate = grey(level)
        write(frames, rate, f"{folder}/grey.y4m")
        for who, (events, spent) in (
                ("Ganglion", ganglion(options.ganglion, f"{folder}/grey.y4m", 0)),
                ("v2e", v2e(options.v2e, frames, rate, 0))):
            row(f"grey of {level} (events a pixel and second)", who, events, len(frames) / rate, spent, SIZE * SIZE * 5)
    for gesture in ("right arm clockwise", "hand clapping"):
        subprocess.run(
            [options.ganglion, "simulate", "scene", "--gesture", gesture, "--seconds", "2", "--seed", "3", "-o",
             f"{folder}/person.npy", "--video", f"{folder}/person.y4m", "--distraction", "0"],
            check=True, stderr=subprocess.DEVNULL)
        frames, rate = read(f"{folder}/person.y4m")
        for who, (events, spent) in (
                ("Ganglion", ganglion(options.ganglion, f"{folder}/person.y4m", 200)),
                ("v2e", v2e(options.v2e, frames, rate, 200))):
            row(f"person, {gesture} (events a pixel and second)", who, events, len(frames) / rate, spent, SIZE * SIZE * 2)
            pictures.append((f"{who}: {gesture}", picture(events, 500_000)))
    if options.clips:
        for path in sorted(glob.glob(f"{options.clips}/*.b*")):
            b = np.fromfile(path, np.uint8).reshape(-1, 5).astype(np.int64)
            time = ((b[:, 2] & 127) << 16) | (b[:, 3] << 8) | b[:, 4]
            events = np.stack([time, b[:, 0], b[:, 1], b[:, 2] >> 7], 1).astype(float)
            seconds = (time.max() - time.min()) / 1e6
            row(f"{os.path.basename(path)} (events a pixel and second)", "a real DVS128", events, seconds, None, SIZE * SIZE * seconds)
        for preset in ("dvs128", "davis346", "gen4"):
            total = []
            for seed in range(1, 21):
                subprocess.run(
                    [options.ganglion, "simulate", "scene", "--camera", preset, "--others", "0", "--seconds", "2", "--seed", str(seed),
                     "-o", f"{folder}/scene.npy", "--distraction", "0"], check=True, stderr=subprocess.DEVNULL)
                a = np.load(f"{folder}/scene.npy")
                events = np.stack([a[k].astype(np.float64) for k in "txyp"], 1)
                events[:, 0] += 1e9 * seed
                total.append(events)
            row("20 simulated people (events a pixel and second)", f"Ganglion, {preset}", np.concatenate(total), 40, None, SIZE * SIZE * 40)
    if options.output:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
        figure, axes = pyplot.subplots(1, len(pictures), figsize=(2.2 * len(pictures), 2.5))
        for axis, (title, image) in zip(axes, pictures):
            axis.imshow(image, cmap="gray", vmin=0, vmax=1)
            axis.set_title(title, fontsize=7)
            axis.axis("off")
        figure.tight_layout()
        figure.savefig(options.output, dpi=130)


main()
