"""The shared library, and calls of it that fail as Python does."""

import ctypes
import os
from ctypes import POINTER, c_char_p, c_float, c_int32, c_int64, c_ssize_t, c_uint8, c_uint16, c_uint32, c_void_p

from .errors import BY_KIND, GanglionError

ABI = 1

_handle = POINTER(c_void_p)
_text = POINTER(c_void_p)
_columns = [POINTER(c_int64), POINTER(c_uint16), POINTER(c_uint16), POINTER(c_uint8)]
_functions = {
    "reader_open": [c_char_p, c_char_p, _handle],
    "reader_describe": [c_void_p],
    "reader_read": [c_void_p, c_ssize_t, *_columns, POINTER(c_ssize_t)],
    "info": [c_char_p, c_char_p],
    "writer_open": [c_char_p, c_char_p, c_ssize_t, c_ssize_t, _handle],
    "writer_write": [c_void_p, c_ssize_t, *_columns],
    "writer_finish": [c_void_p],
    "encoder_open": [c_char_p, _handle],
    "encoder_push_sound": [c_void_p, POINTER(c_float), c_ssize_t],
    "encoder_push_events": [c_void_p, c_ssize_t, *_columns],
    "encoder_finish": [c_void_p],
    "encoder_waiting": [c_void_p, POINTER(c_ssize_t), POINTER(c_int64), POINTER(c_ssize_t)],
    "encoder_take": [
        c_void_p, c_ssize_t, POINTER(c_int64), POINTER(c_uint32), POINTER(c_float), POINTER(c_ssize_t),
    ],
    "model_open": [c_char_p, c_char_p, _handle],
    "model_describe": [c_void_p],
    "stream_open": [c_void_p, c_char_p, c_char_p, c_int32, _handle],
    "stream_push_sound": [c_void_p, POINTER(c_float), c_ssize_t, c_ssize_t],
    "stream_push_events": [c_void_p, c_ssize_t, *_columns, c_ssize_t, c_ssize_t],
    "stream_open_recording": [c_void_p, c_char_p, c_char_p],
    "stream_read": [c_void_p, POINTER(c_int32)],
    "stream_finish": [c_void_p],
    "stream_take": [c_void_p],
}  # fmt: skip


def _load():
    path = os.environ.get("GANGLION_LIBRARY") or os.path.join(os.path.dirname(__file__), "libganglion.so")
    library = ctypes.CDLL(path)
    library.ganglion_abi.restype = c_int32
    found = library.ganglion_abi()
    if found != ABI:
        raise ImportError(f"{path} has interface {found}, this package takes {ABI}: install both from one release")
    for name, arguments in _functions.items():
        function = getattr(library, "ganglion_" + name)
        function.argtypes = [*arguments, _text]
        function.restype = c_int32
    for name in ("reader", "writer", "encoder", "model", "stream"):
        close = getattr(library, f"ganglion_{name}_close")
        close.argtypes, close.restype = [c_void_p], None
    library.ganglion_kind.argtypes, library.ganglion_kind.restype = [c_int32], c_void_p
    library.ganglion_free.argtypes, library.ganglion_free.restype = [c_void_p], None
    return library


_library = _load()


def _take(address):
    """The text at an address that the library gave, which is given back."""
    if not address:
        return ""
    try:
        return ctypes.string_at(address).decode("utf-8", "replace")
    finally:
        _library.ganglion_free(address)


def call(name, *arguments):
    """Calls a function of the library; the text that it gives, or its failure as an exception."""
    text = c_void_p()
    status = getattr(_library, "ganglion_" + name)(*arguments, ctypes.byref(text))
    message = _take(text.value)
    if status == 0:
        return message
    kind = _take(_library.ganglion_kind(status))
    raise BY_KIND.get(kind, GanglionError)(message)


class Handle:
    """Something that the library holds, closed with this object."""

    def __init__(self, kind, *arguments):
        self._close = getattr(_library, f"ganglion_{kind}_close")
        self._pointer = None
        pointer = c_void_p()
        call(f"{kind}_open", *arguments, ctypes.byref(pointer))
        self._pointer = pointer

    @property
    def pointer(self):
        if self._pointer is None:
            raise ValueError("it is closed")
        return self._pointer

    def close(self):
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            self._close(pointer)

    def __del__(self):
        if getattr(self, "_pointer", None) is not None:
            self.close()
