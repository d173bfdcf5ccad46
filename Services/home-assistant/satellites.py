"""What check-satellites does with the reference client: satellites.py PORT SOCKET RECORDINGS"""
import asyncio
import random
import sys
import time
import wave

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.wake import Detect, Detection, NotDetected

port, path, recordings = int(sys.argv[1]), sys.argv[2], sys.argv[3]
tcp, unix = f"tcp://127.0.0.1:{port}", f"unix://{path}"


def fail(what):
    sys.exit(f"NOT RIGHT: {what}")


def sound(name):
    with wave.open(f"{recordings}/{name}.wav") as file:
        return bytes(64000) + file.readframes(file.getnframes()) + bytes(32000)


async def answer(client):
    return await asyncio.wait_for(client.read_event(), 30)


async def speak(client, audio, names=None, pace=0.0, start=None):
    """Sends a recording as a satellite does, and returns the answer with how long it took after the last chunk."""
    await client.write_event(Detect(names=names).event())
    await client.write_event(AudioStart(rate=16000, width=2, channels=1, timestamp=start).event())
    for begin in range(0, len(audio), 2048):
        stamp = None if start is None else start + begin // 32
        chunk = AudioChunk(rate=16000, width=2, channels=1, audio=audio[begin : begin + 2048], timestamp=stamp)
        await client.write_event(chunk.event())
        if pace:
            await asyncio.sleep(pace)
    await client.write_event(AudioStop().event())
    return await answer(client)


async def one(uri):
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Ping(text="here").event())
        if Pong.from_event(await answer(client)).text != "here":
            fail("a ping is not answered")
        begin = time.monotonic()
        await client.write_event(Describe().event())
        info = Info.from_event(await answer(client))
        # Home Assistant waits a second for it.
        if time.monotonic() - begin > 1 or len(info.wake) != 1 or not info.wake[0].installed:
            fail(f"info is {info}")
        names = [model.name for model in info.wake[0].models]
        if names != ["computer", "jarvis"]:
            fail(f"wake words are {names}")
        found = Detection.from_event(await speak(client, sound("computer-0fdd491c"), start=5000))
        if found.name != "computer" or not 8000 < found.timestamp < 9500:
            fail(f"'computer' is answered by {found}")
        if not NotDetected.is_type((await speak(client, sound("sentence"))).type):
            fail("a sentence wakes")
        if not NotDetected.is_type((await speak(client, sound("computer-0fdd491c"), names=["jarvis"])).type):
            fail("a word that was not asked for wakes")
    print(f"right: {uri.split(':')[0]}: describe, ping, a word with its time, a sentence, a word nobody asked for")


async def several():
    names = ["computer-0fdd491c", "jarvis-210b5eb1", "sentence", "computer-292e237d", "jarvis-35bd060d", "sentence"]
    expected = ["computer", "jarvis", None, "computer", "jarvis", None]

    async def satellite(name):
        async with AsyncClient.from_uri(tcp) as client:
            event = await speak(client, sound(name), pace=0.01)
            return Detection.from_event(event).name if Detection.is_type(event.type) else None

    found = await asyncio.gather(*(satellite(name) for name in names))
    if found != expected:
        fail(f"six satellites at once are answered by {found}")
    print("right: six satellites at once, each for itself")


async def live():
    """How soon a word is told after the sound that holds it, at the pace of speech."""
    audio = sound("computer-292e237d")
    async with AsyncClient.from_uri(tcp) as client:
        await client.write_event(AudioStart(rate=16000, width=2, channels=1).event())
        reader = asyncio.create_task(answer(client))
        begin, sent = time.monotonic(), 0
        while not reader.done() and sent < len(audio):
            chunk = audio[sent : sent + 640]
            # It is there once it has been spoken.
            await asyncio.sleep(max(0, begin + (sent + len(chunk)) / 32000 - time.monotonic()))
            await client.write_event(AudioChunk(rate=16000, width=2, channels=1, audio=chunk).event())
            sent += len(chunk)
        found, now = Detection.from_event(await reader), time.monotonic()
    print(f"told {(now - begin) * 1000 - found.timestamp:.0f} ms after the sound in which it was recognised came in")


async def bad():
    chance = random.Random(1)
    for number in range(200):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        kind = number % 4
        if kind == 0:
            writer.write(chance.randbytes(300) + b"\n")
        elif kind == 1:
            writer.write(b'{"type":"audio-chunk","payload_length":99999999999}\n')
        elif kind == 2:
            writer.write(b'{"type":"audio-ch')
        else:
            writer.write(b"[" * 20000)
        try:
            await writer.drain()
            if kind != 2:
                text = await asyncio.wait_for(reader.read(), 10)
                if b'"type":"error"' not in text:
                    fail(f"a peer of kind {kind} is answered by {text[:100]}")
        except ConnectionError:
            pass
        writer.close()
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
    await asyncio.sleep(0.5)
    refused = 0
    for reader, writer in held:
        try:
            if await asyncio.wait_for(reader.read(1), 0.1) == b"":
                refused += 1
        except TimeoutError:
            pass
    for _, writer in held:
        writer.close()
    if refused != 4:
        fail(f"of twelve connections where eight are allowed {refused} were refused")
    await asyncio.sleep(0.5)
    print("right: 200 bad peers are told and sent away, and four of twelve that only sit there find no place")


async def main():
    await one(tcp)
    await one(unix)
    await several()
    await live()
    await bad()
    await one(tcp)


asyncio.run(main())
