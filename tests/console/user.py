"""Somebody at a terminal: what they type, and what they are told.

`run` starts the program as a shell does; calling the user takes the same way through `main`
inside this process, which is quicker where a process of its own adds nothing.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.database.registry import Registry
from connectors.home.settings import Settings, settings
from console.cli import main
from pipelines.stages.workspace import Workspace

PROGRAM = str(Path(sys.executable).parent / "daybook")


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on standard error, of a command that said nothing else."""
        (line,) = self.err.splitlines()
        assert line.startswith("error: ")
        return line.removeprefix("error: ")

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass(frozen=True)
class User:
    """A user of one home."""

    home: Path
    database: str | None = None

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, database_url=self.database)

    @property
    def lake(self) -> Path:
        return self.settings.lake_folder

    def environment(self, **further: str) -> dict[str, str]:
        """The variables of a clean shell and this home's."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DAYBOOK", "DAGSTER"))}
        database = {"DAYBOOK_DATABASE_URL": self.database} if self.database else {}
        return {**clean, "DAYBOOK_HOME": str(self.home), **database, **further}

    def start(self, *words: object, **further: str) -> subprocess.Popen[str]:
        """The program, running."""
        return subprocess.Popen(
            [PROGRAM, *map(str, words)],
            env=self.environment(**further),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: object, typed: str = "", **further: str) -> Told:
        """The program in a process of its own, to its end; `typed` comes on standard input."""
        with self.start(*words, **further) as process:
            out, err = process.communicate(typed, timeout=120)
        return Told(process.returncode, out, err)

    def __call__(self, *words: object, **further: str) -> Told:
        """The same command line, in this process."""
        out, err = io.StringIO(), io.StringIO()
        code: object = None
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name in [n for n in os.environ if n.startswith(("DAYBOOK", "DAGSTER"))]:
                patch.delenv(name)
            variables = {"DAYBOOK_HOME": str(self.home), "DAGSTER_HOME": "", **further}
            if self.database:
                variables.setdefault("DAYBOOK_DATABASE_URL", self.database)
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["daybook", *map(str, words)])
            settings.cache_clear()
            try:
                main()
            except SystemExit as end:
                code = end.code
            finally:
                settings.cache_clear()
        return Told(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def opened(self) -> Any:
        """What is behind the command line, for a look that no command gives."""
        with Registry.open(self.settings) as registry:
            yield Workspace(self.settings, registry)

    def connections(self) -> list[str]:
        with Registry.open(self.settings) as registry:
            return [connection.slug for connection in registry.connections.list()]

    def documents(self) -> list[Path]:
        return sorted(self.lake.glob("raw/*/*.zst"))
