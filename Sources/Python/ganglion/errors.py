"""What can go wrong, by kind. Every message names the file, the place in it and the remedy."""


class GanglionError(Exception):
    """A failure of Ganglion; `kind` is its name in the program."""

    kind = "other"


class UsageError(GanglionError, ValueError):
    """Something was asked for in the wrong way: an option that is unknown or outside its range."""

    kind = "usage"


class BadInput(GanglionError, ValueError):
    """An input is damaged, cut off or of the wrong kind."""

    kind = "badInput"


class Missing(GanglionError, FileNotFoundError):
    """An input cannot be opened: it is not there, or may not be read."""

    kind = "missing"


class Unavailable(GanglionError, ConnectionError):
    """The daemon does not answer, or has sent this subscriber away."""

    kind = "unavailable"


class OutputError(GanglionError, OSError):
    """Results cannot be written: a full disk, a folder without permission."""

    kind = "output"


class ConfigurationError(GanglionError, ValueError):
    """A model or configuration is damaged, of a newer version, or does not fit."""

    kind = "configuration"


BY_KIND = {
    error.kind: error for error in (UsageError, BadInput, Missing, Unavailable, OutputError, ConfigurationError)
}
