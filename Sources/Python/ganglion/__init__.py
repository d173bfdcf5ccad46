"""Event recordings, spikes and spiking models of Ganglion, for numpy.

    import ganglion
    events = ganglion.read("recording.raw")            # columns t, x, y, p
    for part in ganglion.stream("long.aedat4"): ...    # the same in bounded memory
    ganglion.write("copy.npy", events)
    ganglion.info("recording.raw")                     # what `ganglion info --json` tells

    model = ganglion.load("digits.safetensors")
    model.run(samples, rate=8000)                      # what `ganglion run` prints, as dictionaries
    spikes = ganglion.Spiketrum(16000).encode(samples)

    for message in ganglion.listen(): ...              # a running daemon; async for works too

Reading, encoding and running release the GIL. Objects may be used from several threads; one call at a time goes through.
"""

from .errors import (
    BadInput,
    ConfigurationError,
    GanglionError,
    Missing,
    OutputError,
    Unavailable,
    UsageError,
)

__version__ = "0.1.0"

# numpy and the library are loaded when they are first needed: listening needs neither.
_LATER = {
    "Events": "events", "read": "events", "stream": "events", "write": "events", "info": "events",
    "Writer": "events", "Encoder": "encoding", "Spiketrum": "encoding", "Spikes": "encoding",
    "Model": "models", "Stream": "models", "load": "models",
    "listen": "listening", "Message": "listening", "Listener": "listening",
}  # fmt: skip

__all__ = [
    "BadInput", "ConfigurationError", "GanglionError", "Missing", "OutputError", "Unavailable", "UsageError",
    *_LATER,
]  # fmt: skip


def __getattr__(name):
    if name in _LATER:
        from importlib import import_module

        value = getattr(import_module("." + _LATER[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'ganglion' has no attribute '{name}'")


def __dir__():
    return sorted(set(globals()) | set(_LATER))
