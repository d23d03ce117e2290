"""What a benchmark says, and pieces of measuring that all of them share."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table; without a target it is only told."""

    what: str
    figure: str
    target: str = ""
    reached: bool | None = None

    @property
    def verdict(self) -> str:
        """In a word."""
        return {None: "", True: "reached", False: "missed"}[self.reached]


def rounds(scale: float, full: int) -> int:
    """Return how often to measure: below full size a figure is a look, and no median."""
    return full if scale >= 1 else 1


def in_fresh_process(module: str, *arguments: object, home: Path | None = None) -> dict[str, Any]:
    """Run a module of this folder by itself; the last line it prints is its JSON answer."""
    environment = {**os.environ, **({"DAYBOOK_HOME": str(home)} if home else {})}
    process = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return answer


def peak_megabytes() -> float:
    """The most memory this process ever held: Linux's own count, which a fork does not inherit."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
