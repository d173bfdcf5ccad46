#!/usr/bin/env python3
"""Does to a daemon what no subscriber should, and checks every answer. Usage: hostile-peers.py SOCKET CONNECTS MEGABYTES"""
import json
import random
import socket
import sys
import time

path, connects, megabytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(1)


class Peer:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        """The next line that is no ping and no publication."""
        while True:
            line = self.lines.readline()
            if not line:
                sys.exit("the daemon has gone")
            message = json.loads(line)
            if message["type"] != "ping" and "seq" not in message or message["type"] == "subscribed":
                return message

    def expect(self, what, **fields):
        message = self.answer()
        for key, value in fields.items():
            if message.get(key) != value:
                sys.exit(f"{what}: expected {fields}, got {message}")

    def is_alive(self, what):
        self.send(b'{"type":"ping","n":7}\n')
        self.expect(what, type="pong", n=7)


def peer():
    new = Peer()
    new.expect("greeting", type="hello")
    return new


begin = time.monotonic()
for number in range(connects):
    drop = socket.socket(socket.AF_UNIX)
    drop.connect(path)
    if number % 3 == 1:
        drop.send(b'{"type":"subscr')
    elif number % 3 == 2:
        drop.send(chance.randbytes(300))
    drop.close()
print(f"{connects} connects and drops: {time.monotonic() - begin:.1f} s")

long = peer()
piece = b"x" * 65536
for _ in range(megabytes * 16):
    long.send(piece)
long.send(b"\n")
long.expect("a long line", type="error", code="too_long")
long.is_alive("after a long line")
print(f"a line of {megabytes} MiB: too_long, and the connection stays")

garbage = peer()
for _ in range(1000):
    line = chance.randbytes(chance.randrange(1, 2000)).replace(b"\n", b"?")
    garbage.send(line + b"\n")
    garbage.expect(f"garbage {line[:20]}", type="error", code="bad_json")
garbage.is_alive("after garbage")
print("1000 lines of garbage: bad_json each, and the connection stays")

halves = peer()
for byte in b'{"type":"subscribe","id":5,"topics":["health"]}\n':
    halves.send(bytes([byte]))
    time.sleep(0.002)
halves.expect("a line byte by byte", type="subscribed", id=5)
print("a request byte by byte: carried out")

wrong = peer()
for request, code in [
    (b'{"type":"fly","id":1}', "unknown_type"),
    (b'{"type":"subscribe","id":1,"topics":["smell"]}', "unknown_topic"),
    (b'{"type":"subscribe","id":1,"sources":["nobody"]}', "unknown_source"),
    (b'{"type":"subscribe","id":1,"min_score":7}', "bad_field"),
    (b'{"type":"subscribe","id":1,"topics":3}', "bad_field"),
    (b'{"type":"pong","id":1}', "bad_field"),
    (b'[1]', "bad_json"),
    (b'{"type":"ping","n":1', "bad_json"),
    (b"[" * 4000, "bad_json"),
]:
    wrong.send(request + b"\n")
    wrong.expect(request.decode()[:60], type="error", code=code)
wrong.is_alive("after wrong requests")
wrong.send(b"\n\n")
wrong.is_alive("after empty lines")
print("wrong requests: the codes of the documentation, and the connection stays")

# Who floods and never reads is not heard any more once answers wait; it blocks, the daemon does not.
deaf = [Peer() for _ in range(50)]
for flood in deaf:
    flood.socket.setblocking(False)
    try:
        while True:
            flood.socket.send(b"?\n" * 8192)
    except BlockingIOError:
        pass
peer().is_alive("beside fifty floods")
print("50 floods that read nothing: held back, others are answered")
