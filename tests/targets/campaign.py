"""Faults and kills in any number, each followed by plain sending, until every target has its books.

A reply that was lost and a server that is slow for minutes are two things: of Xero and QuickBooks a
request that arrives late is told from a second one by its key alone. So between a late request and
its arrival nothing is changed there, and QuickBooks is late only where it heeds `requestid`.
"""

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.accounting.files import target as files
from connectors.lake.windows import Window
from sandbox.limits import CLOCK
from tests.stages.organisation_books import FIRST_DAY
from tests.targets import killed_send
from tests.targets.stands import DAYS, DOCUMENTS, INVOICED, ORGANISATION, RECEIPTS, STORE, Stand

FAULTS = ("lost", "cut", "503", "429 1", "expired", "late 1", "late 2", "late 4")
DISK_FAULTS = ("before the disk has it", "after the disk has it")
KEYED = {"quickbooks", RECEIPTS, "xero", INVOICED}
HANG_SECONDS = 90.0


@dataclass
class Campaign:
    """Faults laid on one target by dice; `injected` counts them by kind."""

    stand: Stand
    dice: random.Random
    injected: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def run(self, faults: int) -> None:
        """Go on until so many faults were injected, and one of each kind."""
        self.stand.reset()
        kinds = DISK_FAULTS if self.stand.faulty is None else FAULTS
        while self.injected.total() < faults or len(self.injected) < len(kinds):
            self._round()

    def _round(self) -> None:
        at, late = self.stand, True
        if at.name in {"quickbooks", RECEIPTS}:
            at.ledger.repeats = self.dice.choice(["replay", "refuse", "ignore"])
            late = at.ledger.repeats != "ignore"
        with self._faulty([fault for fault in FAULTS if late or not fault.startswith("late")]):
            for _ in range(self.dice.randint(1, 3)):
                if at.name not in KEYED or not at.faulty or not at.faulty.late:
                    self._work()
                at.send()
                CLOCK.pass_by(60.0)
        for _ in range(2):
            at.settle()
            at.heal()
            self.wrong += [f"after {dict(self.injected)}: {fault}" for fault in at.faults()]
        CLOCK.pass_by(_pause(at))

    def _work(self) -> None:
        work: Sequence[Callable[[], None]] = (
            self.stand.change,
            self.stand.plan,
            lambda: self.stand.withdraw(self.dice.choice(DAYS)),
        )
        self.dice.choice(work)()

    @contextmanager
    def _faulty(self, faults: Sequence[str]) -> Iterator[None]:
        if self.stand.faulty is not None:
            self.stand.faulty.script = self._script(faults)
            yield
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "write_atomically", self._disk(files.write_atomically))
            yield

    def _script(self, faults: Sequence[str]) -> Iterator[str | None]:
        while True:
            if self.dice.random() < 0.6:
                yield None
                continue
            fault = self.dice.choice(faults)
            self.injected[f"{self.stand.name}: {fault}"] += 1
            if fault == "expired":
                self.stand.expire()
            yield None if fault == "expired" else fault

    def _disk(self, write: Callable[..., None]) -> Callable[..., None]:
        def failing(path: Path, content: bytes) -> None:
            fault = self.dice.choice([None, *DISK_FAULTS])
            if fault == DISK_FAULTS[0]:
                self.injected[f"{self.stand.name}: {fault}"] += 1
                raise OSError(5, "Input/output error")
            write(path, content)
            if fault is not None:
                self.injected[f"{self.stand.name}: {fault}"] += 1
                raise OSError(5, "Input/output error")

        return failing


@dataclass
class TargetKills:
    """Kills of a sending process at every boundary, or at some of them."""

    stand: Stand
    killed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Of receipts, the day that has a payout as well.
        self._day = DAYS[-1] if self.stand.name == RECEIPTS else FIRST_DAY
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(killed_send.PRELOADED))

    def run(self, share: float, dice: random.Random) -> None:
        """Post, replace and take out an entry, each killed at a share of its boundaries."""
        steps: dict[str, Callable[[], None]] = {
            "post": lambda: None,
            "replace": self.stand.change,
            "void": lambda: self.stand.withdraw(self._day),
        }
        for name, work in steps.items():
            boundary = 0
            while True:
                boundary += 1
                if dice.random() > share:
                    continue
                self.stand.reset()
                if name != "post":
                    self.stand.send()
                work()
                if not self._kill(boundary):
                    break
                self.killed[f"{self.stand.name}: {name}"] += 1
                self._check(f"{name} killed at boundary {boundary}")

    def together(self, processes: int) -> list[int | None]:
        """Send from several processes at once; return how each ended."""
        window = Window(DAYS[0], DAYS[-1] + timedelta(days=1))
        started = [self._start(window, None) for _ in range(processes)]
        for process in started:
            process.join(HANG_SECONDS)
        return [process.exitcode for process in started]

    def _kill(self, boundary: int) -> bool:
        """Send in another process; return whether it was killed, and did not end before."""
        CLOCK.pass_by(_pause(self.stand))
        process = self._start(Window(self._day, self._day + timedelta(days=1)), boundary)
        process.join(HANG_SECONDS)
        assert process.exitcode is not None, "sending hangs"
        return process.exitcode < 0

    def _start(self, window: Window, boundary: int | None) -> Any:
        settings = self.stand.house.settings
        arguments = (settings, STORE, window, boundary)
        process = self._context.Process(target=killed_send.run, args=arguments)
        process.start()
        return process

    def _check(self, moment: str) -> None:
        at = self.stand
        at.heal()
        self.wrong += [f"{moment}: {fault}" for fault in at.faults()]
        unsettled = [p for p in at.registry.publications.list(ORGANISATION) if p.state == "sending"]
        self.wrong += [f"{moment}: {p.entry_id} is still being sent" for p in unsettled]


def _pause(stand: Stand) -> float:
    """Return the seconds between two trials, on the emulators' clock."""
    # An invoice takes more calls than a journal: the quota of a day would be spent before the end.
    return 7200.0 if stand.name in DOCUMENTS else 60.0
