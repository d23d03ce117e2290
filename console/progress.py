"""Progress on standard error: a bar for people at a terminal, a line a step for logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from console.output import print_status, stderr


@dataclass
class Steps:
    """Counts partitions done."""

    progress: Progress
    task: TaskID

    def name(self, what: str) -> None:
        """Say what runs now."""
        self.progress.update(self.task, description=what)
        if not stderr.is_terminal:
            print_status(what)

    def advance(self, _connection: str, _stage: str, days: int) -> None:
        """Count the days that one stage has done."""
        self.progress.advance(self.task, days)


@contextmanager
def steps(total: int) -> Iterator[Steps]:
    """Yield a bar over `total` partitions; it fills up whatever was left out."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("partitions"),
    )
    with Progress(*columns, console=stderr, transient=True) as progress:
        yield Steps(progress, progress.add_task("starting", total=total or None))
