"""What can be wrong with the embedded server, told apart so that doctor can name it."""

from connectors.errors import ConfigError, Transient


class DiskFull(Transient):
    """The file system of the home has no space left."""


class WrongVersion(ConfigError):
    """The data folder was written by another major version of PostgreSQL."""


class ForeignLock(ConfigError):
    """Somebody else owns or serves the data folder."""
