#!/usr/bin/env python3
"""Prints what Ganglion recognises; needs nothing but Python. Usage: socket-example.py [SOCKET]"""
import json
import os
import socket
import sys

folder = os.environ.get("XDG_RUNTIME_DIR", "/run")
path = sys.argv[1] if len(sys.argv) > 1 else folder + "/ganglion/ganglion.sock"
connection = socket.socket(socket.AF_UNIX)
connection.connect(path)


def say(**request):
    connection.sendall(json.dumps(request).encode() + b"\n")


say(type="subscribe", id=1, topics=["detection"], min_score=0.5)
for line in connection.makefile(encoding="utf-8"):  # a line is complete only with its end
    message = json.loads(line)
    if message["type"] == "ping":
        say(type="pong", n=message["n"])
    elif message["type"] == "detection":
        print(f'{message["source"]} {message["t_us"] / 1e6:.2f} s: {message["label"]} ({message["score"]:.2f})', flush=True)
    elif message["type"] in ("gap", "dropped"):
        print("missing:", message, file=sys.stderr)
    elif message["type"] in ("error", "bye"):
        sys.exit(message.get("message") or "goodbye: " + message["reason"])
