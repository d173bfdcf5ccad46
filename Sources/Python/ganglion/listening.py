"""Listening to a running daemon: pure Python, over its Unix socket (protocol 1)."""

import json
import os
import socket
import time
from dataclasses import dataclass, field

from .errors import BadInput, GanglionError, Unavailable, UsageError

TOPICS = ("detection", "progress", "rejection", "score", "health")
_LOSSES = ("gap", "dropped", "lost")


@dataclass(frozen=True)
class Message:
    """A message of the daemon; fields that do not apply are None, and `fields` has all of them.

    type: detection, rejection, score, gap, health, reloaded, dropped; and of this module itself `lost`, where the connection
    broke and messages may be missing. Times are microseconds of stream time, scores 0 to 1.
    """

    type: str
    seq: int | None = None
    source: str | None = None
    model: str | None = None
    label: str | None = None
    score: float | None = None
    t_us: int | None = None
    t_start_us: int | None = None
    wall: str | None = None
    id: str | None = None
    phase: str | None = None
    reason: str | None = None
    state: str | None = None
    count: int | None = None
    lost_us: int | None = None
    fields: dict = field(default_factory=dict, repr=False)

    @property
    def is_loss(self):
        """Whether something is missing at this place."""
        return self.type in _LOSSES


class Loss(GanglionError):
    """Something is missing, for those who asked that losses are raised; `message` says what."""

    def __init__(self, message):
        super().__init__(f"{message.type}: {message.fields}")
        self.message = message


_NAMES = [name for name in Message.__dataclass_fields__ if name != "fields"]


def _message(fields):
    return Message(**{name: fields[name] for name in _NAMES if name in fields}, fields=fields)


def default_socket():
    """Where the daemon listens unless it is told otherwise."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return os.path.join(folder, "ganglion/ganglion.sock") if folder else "/run/ganglion/ganglion.sock"


class _Conversation:
    """The protocol without a socket: bytes in, messages and bytes to send out."""

    def __init__(self, request):
        self._rest = b""
        self.answer = (json.dumps(request) + "\n").encode()
        self.is_over = None

    def push(self, data):
        """Takes bytes as they come; yields the messages for the caller. `answer` holds what is to be sent."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > 1 << 20:
            raise BadInput("the daemon sent a line of more than a MiB: is it a Ganglion socket?")
        for line in lines:
            try:
                fields = json.loads(line)
                kind = fields["type"]
            except (ValueError, KeyError, TypeError):
                raise BadInput(f"'{line[:80].decode(errors='replace')}' is no message of Ganglion") from None
            if kind == "hello":
                if fields["protocol"][0] != 1:
                    raise BadInput(f"the daemon speaks protocol {fields['protocol']}; this package speaks 1")
            elif kind == "ping":
                self.answer += (json.dumps({"type": "pong", "n": fields["n"]}) + "\n").encode()
            elif kind == "error":
                raise UsageError(fields.get("message", fields.get("code", "the daemon refused the request")))
            elif kind == "bye":
                self.is_over = fields.get("reason", "bye")
                return
            elif kind in ("detection", "rejection", "score", "gap", "health", "reloaded", "dropped"):
                yield _message(fields)


class Listener:
    """Messages of a daemon, for `for` and for `async for`; closed by `close` or at the end of a `with` block."""

    def __init__(self, path, request, losses, reconnect):
        self._path, self._request, self._losses, self._reconnect = path, request, losses, reconnect
        self._socket = None
        self._writer = None
        self._is_closed = False

    def close(self):
        self._is_closed = True
        if self._socket is not None:
            # Wakes a thread that waits in recv.
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if self._writer is not None:
            self._writer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _judge(self, message):
        if message.is_loss and self._losses == "raise":
            raise Loss(message)
        return not message.is_loss or self._losses == "yield"

    def _refusal(self, error):
        return Unavailable(f"no daemon answers at {self._path} ({error.strerror or error}): is ganglion serve running?")

    def _leave(self, reason):
        """What follows when the daemon has ended the connection: a message for the caller, or nil to stop."""
        if self._is_closed:
            return None
        if reason in ("forbidden", "full") or not self._reconnect:
            raise Unavailable(f"the daemon ended the connection: {reason}")
        return _message({"type": "lost", "reason": reason})

    def __iter__(self):
        wait, first = 0.1, True
        while not self._is_closed:
            talk = _Conversation(self._request)
            with socket.socket(socket.AF_UNIX) as connection:
                self._socket = connection
                try:
                    connection.connect(self._path)
                except OSError as error:
                    if first or not self._reconnect:
                        raise self._refusal(error) from None
                    time.sleep(wait)
                    wait = min(2 * wait, 5)
                    continue
                wait, first = 0.1, False
                while talk.is_over is None:
                    try:
                        if talk.answer:
                            connection.sendall(talk.answer)
                            talk.answer = b""
                        data = connection.recv(65_536)
                    except OSError:
                        data = b""
                    if not data:
                        break
                    for message in talk.push(data):
                        if self._judge(message):
                            yield message
            lost = self._leave(talk.is_over or "the connection broke")
            if lost is not None and self._judge(lost):
                yield lost

    async def __aiter__(self):
        import asyncio

        wait, first = 0.1, True
        while not self._is_closed:
            talk = _Conversation(self._request)
            try:
                reader, self._writer = await asyncio.open_unix_connection(self._path)
            except OSError as error:
                if first or not self._reconnect:
                    raise self._refusal(error) from None
                await asyncio.sleep(wait)
                wait = min(2 * wait, 5)
                continue
            wait, first = 0.1, False
            try:
                while talk.is_over is None:
                    try:
                        if talk.answer:
                            self._writer.write(talk.answer)
                            talk.answer = b""
                            await self._writer.drain()
                        data = await reader.read(65_536)
                    except OSError:
                        data = b""
                    if not data:
                        break
                    for message in talk.push(data):
                        if self._judge(message):
                            yield message
            finally:
                self._writer.close()
            lost = self._leave(talk.is_over or "the connection broke")
            if lost is not None and self._judge(lost):
                yield lost


def listen(path=None, topics=("detection",), sources=None, min_score=0.0, losses="yield", reconnect=True):
    """Subscribes to a running daemon.

        for message in ganglion.listen(): ...
        async for message in ganglion.listen(topics=["detection", "score"]): ...

    path: its socket, that of the user or the system when None. topics: of detection, progress, rejection, score, health; gaps
    and reloads always come. losses: "yield" gives gaps, drops and broken connections as messages in their place, "raise"
    raises Loss, "ignore" leaves them out. reconnect: go on when the daemon restarts.

    Raises Unavailable when no daemon answers at first, UsageError for what it refuses.
    """
    if losses not in ("yield", "raise", "ignore"):
        raise UsageError(f"losses is '{losses}', allowed is yield, raise or ignore")
    for topic in topics:
        if topic not in TOPICS:
            raise UsageError(f"there is no topic '{topic}'; there are {', '.join(TOPICS)}")
    request = {"type": "subscribe", "id": 1, "topics": list(topics), "min_score": min_score}
    if sources is not None:
        request["sources"] = list(sources)
    return Listener(path or default_socket(), request, losses, reconnect)
