"""Every error a connector raises, typed by whether trying again helps.

`pipelines` translates these to Dagster once; the command line prints their one line. A message
says what is wrong, where, and how to mend it.
"""


class DaybookError(Exception):
    """The root of the tree; `str(error)` is one line for a person."""


class ConfigError(DaybookError):
    """The owner must act (connect, map, move a file); a re-run alone does not help."""


class BadInput(ConfigError):
    """A file, option or address that cannot be taken as it is."""


class TotalsMismatch(BadInput):
    """A file whose lines do not sum to what it declares; both figures, as text."""

    def __init__(self, message: str, *, declared: str, computed: str) -> None:
        super().__init__(message)
        self.declared = declared
        self.computed = computed


class RateLimited(DaybookError):
    """A platform asked us to wait; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Transient(DaybookError):
    """A network, disk or server fault that a re-run may cure."""


class Permanent(DaybookError):
    """A fault in the data or in Daybook that no re-run cures."""
