"""Resources of assets and sensors: the home, opened, and a way to report progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.database.registry import Registry
from connectors.home.redaction import keep_logs_clean
from connectors.home.settings import settings
from connectors.lake.windows import Window
from pipelines.stages.chain import Progress, silent
from pipelines.stages.workspace import Workspace

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Daybook:
    """The home of this process; `progress` is called with (connection, asset, days done).

    `clock` tells which days are over, `space` are the days that partitions were made for.
    """

    progress: Progress = silent
    clock: Clock = _now
    space: Window | None = None

    @contextmanager
    def open(self) -> Iterator[Workspace]:
        """Yield the workspace, with a connection to the registry that is closed afterwards."""
        keep_logs_clean()
        with Registry.open(settings()) as registry:
            yield Workspace(settings(), registry)
