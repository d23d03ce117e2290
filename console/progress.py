"""Progress on standard error: a bar for people at a terminal, a line a step for logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from console.output import print_status, stderr


@dataclass
class Steps:
    """Counts partitions that are written."""

    progress: Progress
    task: TaskID
    expected: int = 0

    def begin(self, step: str) -> None:
        """Name the step that begins; the bar is there from the first one on."""
        self.progress.start()
        self.progress.update(self.task, description=step)
        if not stderr.is_terminal:
            print_status(step)

    def expect(self, partitions: int) -> None:
        """Lengthen the bar by partitions that are to be written."""
        self.expected += partitions
        # A total of nothing would show a full bar.
        self.progress.update(self.task, total=self.expected or None)

    def advance(self, _connection: str, _asset: str, partitions: int, /) -> None:
        """Count partitions that are written."""
        self.progress.advance(self.task, partitions)


@contextmanager
def steps() -> Iterator[Steps]:
    """Yield a bar that fills up as partitions are written."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("partitions"),
    )
    progress = Progress(*columns, console=stderr, transient=True)
    try:
        yield Steps(progress, progress.add_task("", total=None))
    finally:
        if progress.live.is_started:
            progress.stop()
