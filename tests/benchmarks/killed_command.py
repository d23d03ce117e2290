"""A command of Daybook in a forked process that is killed from inside, at a boundary of its work.

A boundary is what leaves a trace: a file of the home that is renamed, removed or made, a statement
that changes the database, a commit. The process kills itself just before the file's and just after
the database's.
"""

import os
import signal
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Engine, event

FILES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir"})
WRITES = ("INSERT", "UPDATE", "DELETE")
UPKEEP, DATA = "upkeep", "data"
PRELOADED = (
    *("console.cli", "console.commands.sync", "pipelines.execution", "pipelines.assets.window"),
    *("pipelines.assets.posting", "pipelines.stages.warehouse", "connectors.channels"),
)


class Boundaries:
    """Counts boundaries; kills its process at one of them."""

    def __init__(self, home: str, last: int | None, tally: Path) -> None:
        self._home = home
        self._last = last
        self._tally = tally
        self._count = 0
        sys.addaudithook(self._audit)
        event.listen(Engine, "after_cursor_execute", self._executed)
        event.listen(Engine, "commit", lambda _: self._pass())

    def _audit(self, name: str, arguments: tuple[object, ...]) -> None:
        if name in FILES and str(arguments[0]).startswith(self._home):
            self._pass()

    def _executed(self, *arguments: object) -> None:
        if str(arguments[2]).lstrip().upper().startswith(WRITES):
            self._pass()

    def _pass(self) -> None:
        self._count += 1
        if self._last is None:
            self._tally.write_text(str(self._count))
        elif self._count >= self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def run(
    home: str, database: str | None, words: Sequence[str], log: str, boundary: int | None
) -> None:
    """Do what the command line does; `boundary` -1 counts them, None looks at none."""
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for name in [n for n in os.environ if n.startswith(("DAYBOOK", "DAGSTER"))]:
        del os.environ[name]
    os.environ["DAYBOOK_HOME"] = home
    if database:
        os.environ["DAYBOOK_DATABASE_URL"] = database
    from connectors.home.settings import settings

    settings.cache_clear()
    if boundary is not None:
        Boundaries(home, None if boundary < 0 else boundary, Path(f"{log}.boundaries"))
    if words[0] in {UPKEEP, DATA}:
        _job(*words)
    from console.cli import main

    sys.argv = ["daybook", *words]
    main()


def _job(job: str, slug: str | None = None, first: str = "", last: str = "") -> NoReturn:
    """A job that no command runs alone."""
    from connectors.lake.windows import Window
    from pipelines import execution

    window = Window(date.fromisoformat(first), date.fromisoformat(last)) if slug else None
    with execution.open_instance([slug] if slug else []) as instance:
        outcome = execution.run(instance, job, slug, window)
    sys.exit(0 if outcome.ok else 1)
