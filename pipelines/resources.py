"""What assets and sensors are given: the home, opened, and somebody to tell how far they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.database.registry import Registry
from connectors.home.redaction import keep_logs_clean
from connectors.home.settings import settings
from pipelines.stages.workspace import Workspace

Listener = Callable[[str, str, int], None]
Clock = Callable[[], datetime]


def _silence(_connection: str, _stage: str, _days: int) -> None:
    """Nobody is listening."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Daybook:
    """The home of this process; `listener` hears (connection, stage, days done).

    `clock` tells which days are over. With `again` the run's days were named by somebody: what
    decides them is read again from the platform.
    """

    listener: Listener = _silence
    clock: Clock = _now
    again: bool = False

    @contextmanager
    def open(self) -> Iterator[Workspace]:
        """The workspace, with a connection to the registry that is closed afterwards."""
        keep_logs_clean()
        with Registry.open(settings()) as registry:
            yield Workspace(settings(), registry)
