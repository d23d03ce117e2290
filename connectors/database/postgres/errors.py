"""Errors of the embedded server, one class each so that doctor can name them."""

from connectors.errors import ConfigError, Transient


class DiskFull(Transient):
    """The file system of the home has no space left."""


class WrongVersion(ConfigError):
    """The data folder was written by another major version of PostgreSQL."""


class ForeignLock(ConfigError):
    """Another account or process owns or serves the data folder."""
