"""Months of eight stores on one virtual clock, with everything that goes wrong.

Each store lives day by day at its emulated platform. Between the days it is synced, by the same
job that Dagster runs, while the platform stumbles, goes down, asks for an hour's patience or takes
its authorisation back, and while the process that works is killed outright and started again. In
the end everything must tie to the cent to the platforms' own books.
"""

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest.mock import patch

from connectors.accounts.accounts import Accounts
from connectors.accounts.setup import Imports, Setup
from connectors.channels.history import whole_days
from connectors.database.registry import Connection, Registry
from connectors.home.settings import settings
from connectors.lake.windows import Window, windows
from pipelines.execution import open_instance, run, run_fetch
from pipelines.names import DATA, PUBLISH
from pipelines.resources import Daybook
from pipelines.stages.reconciliation import reconcile
from pipelines.stages.workspace import Workspace
from pipelines.sync import outstanding_days
from sandbox.limits import CLOCK
from sandbox.platforms import EMULATORS
from sandbox.server import bound, serving
from tests.benchmarks.homes import fresh_home
from tests.benchmarks.results import Result
from tests.channels.house import House
from tests.channels.stores import SYNCED, buckets_passing_by, proven_by

# As many days as fit beside the rest of `make bench`; `--scale 10` sees 500 settlements close.
DAYS, SEED = 14, 20261122
# What a sync brings may touch days before it, and those others before them.
ROUNDS = 4
_STUMBLES = (None, "503", None, None, "429 0", None, "cut", None, "lost", None, None)
PUBLISHED = 0.25
# What may happen on a sync, and how often.
_EVENTS = {
    "nothing": 10,
    "stumbles": 6,
    "down": 2,
    "long wait": 2,
    "token ends": 2,
    "revoked": 1,
    "killed": 3,
    "late": 2,
}


@dataclass
class Store:
    """One account, from the outside."""

    name: str
    emulator: Any
    slug: str

    @property
    def money(self) -> Any:
        """Its books at the platform."""
        return self.emulator.money[self.emulator.first]


@dataclass
class Simulation:
    """The house, its stores, and what has happened so far."""

    workspace: Workspace
    stores: list[Store]
    chance: random.Random
    happened: Counter[str] = field(default_factory=Counter)
    spoiled: int = 0
    silent: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)

    def live(self, days: int) -> None:
        """So many days go by, with a sync to every store every few of them."""
        left = {store.slug: days for store in self.stores}
        while any(left.values()):
            for store in self.stores:
                step = min(left[store.slug], self.chance.randint(1, 5))
                if step:
                    left[store.slug] -= step
                    store.money.advance(step)
                    self._sync_somehow(store)

    def settle(self) -> None:
        """A quiet sync to everybody."""
        for store in self.stores:
            store.emulator.application.script = iter(())
            self._work(store)

    def _sync_somehow(self, store: Store) -> None:
        event = self.chance.choices(list(_EVENTS), list(_EVENTS.values()))[0]
        faults = store.emulator.application
        faults.script = iter(())
        self.happened[event] += 1
        match event:
            case "stumbles":
                faults.script = self._spoiling(cycle(_STUMBLES))
            case "down":
                faults.script = self._spoiling(cycle(["503"]))
            case "long wait":
                faults.script = self._spoiling(iter([None, "429 3600"]))
            case "token ends":
                store.emulator.expire()
            case "revoked":
                store.emulator.revoke(store.emulator.first)
            case "late":
                store.money.restate()
        if event == "killed":
            self._killed(store)
            return
        # The books are checked whole each time, which takes longer than all the rest.
        ok = self._work(store, publish=self.chance.random() < PUBLISHED)
        self._look(store, event, ok)
        faults.script = iter(())
        if event == "revoked":
            self._reconnect(store)

    def _spoiling(self, script: Iterator[str | None]) -> Iterator[str | None]:
        for fault in script:
            self.spoiled += fault is not None
            yield fault

    def _connection(self, store: Store) -> Connection:
        return self.workspace.registry.connections.get(store.slug)

    def _work(self, store: Store, *, publish: bool = True) -> bool:
        daybook = Daybook(clock=lambda: _noon(store))
        with _dagster_at(_noon(store)), open_instance([store.slug]) as instance:
            ok = run_fetch(instance, store.slug, daybook=daybook).ok
            connection = self._connection(store)
            for window in windows(outstanding_days(self.workspace, connection, _noon(store))):
                ok &= run(instance, DATA, store.slug, window, daybook).ok
            if publish:
                whole = whole_days(self._connection(store), settings().first_day, _noon(store))
                posted = Window(whole.start, whole.end + timedelta(days=40))
                run(instance, PUBLISH, store.slug, posted, daybook)
        # What a platform asked to be left alone for is over before the next sync.
        CLOCK.pass_by(3600.0)
        return ok

    def _look(self, store: Store, event: str, ok: bool) -> None:
        """A sync that failed shows: in the run, a day's reason, the state or the schedule."""
        registry = self.workspace.registry
        states = registry.days.list(store.slug)
        shows = (
            not ok
            or any(s.state in {"failed", "open"} and s.reason for s in states)
            or self._connection(store).state == "needs_reauth"
            or (
                (made := registry.sync_schedule.by_connection().get(store.slug)) is not None
                and made.reason is not None
            )
        )
        if event in {"down", "long wait", "revoked"} and not shows:
            self.silent.append(f"{store.slug}: {event}")
        if event in {"nothing", "late", "token ends"} and not ok:
            why = next((f"{s.day} {s.reason}" for s in states if s.state == "failed"), "no day")
            self.needless.append(f"{store.slug}: {event}: {why}")

    def _reconnect(self, store: Store) -> None:
        accounts = Accounts(settings(), self.workspace.registry)
        emulator = store.emulator
        fields = emulator.fields() | emulator.chosen(emulator.first) | emulator.keys(emulator.first)
        accounts.reconnect(store.slug, fields, account=emulator.first, actor="simulation")

    def _killed(self, store: Store) -> None:
        """The same work in a process of its own, which is killed on the way."""
        command = [sys.executable, "-m", "tests.benchmarks.simulation", store.slug]
        worker = subprocess.Popen(
            [*command, _noon(store).isoformat()], stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(self.chance.uniform(0.0, 1.5))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()


@contextmanager
def _dagster_at(now: datetime) -> Iterator[None]:
    """Dagster's own clock, which says how far its days go, at a moment of the simulation."""
    with (
        patch("dagster._time._mockable_get_current_datetime", return_value=now),
        patch("dagster._time._mockable_get_current_timestamp", return_value=now.timestamp()),
    ):
        yield


def _noon(store: Store) -> datetime:
    return datetime.combine(store.money.today, datetime.min.time(), UTC) + timedelta(hours=12)


def measure(work: Path, scale: float) -> list[Result]:
    """Live, settle, and hold every settlement against the platforms' own books."""
    # The emulators die in the middle of answers on purpose; their server would print each.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    days = max(3, round(DAYS * scale))
    started = time.monotonic()
    with _house(work) as simulation:
        simulation.live(days)
        simulation.settle()
        workspace = simulation.workspace
        connections = [workspace.registry.connections.get(s.slug) for s in simulation.stores]
        proofs = [
            proof
            for store, connection in zip(simulation.stores, connections, strict=True)
            for proof in reconcile(workspace, [connection], _noon(store))
        ]
        wrong = [w for s in simulation.stores for w in _wrong(workspace, s)]
    bad = [p for p in proofs if not p.ok]
    syncs = simulation.happened.total()
    events = ", ".join(f"{n} {event}" for event, n in simulation.happened.most_common())
    return [
        Result(f"{days} days, {len(simulation.stores)} stores: {syncs} syncs", events),
        Result("  answers that were spoiled", f"{simulation.spoiled:,}"),
        Result("  settlements that tie or are open", f"{len(proofs) - len(bad)} of {len(proofs)}",
               "all", not bad),
        Result("  differences to the platforms' books", str(len(wrong)), "0", not wrong),
        Result("  failures that nothing shows", str(len(simulation.silent)), "0",
               not simulation.silent),
        Result("  runs that failed for no reason", str(len(simulation.needless)), "0",
               not simulation.needless),
        Result("  took", f"{time.monotonic() - started:.0f} s"),
        *(Result(f"  {w}", "", "", False) for w in [*simulation.needless[:10], *wrong[:10]]),
        *(Result(f"  {p.connection} {p.settlement_id}: {p.why}", "", "", False) for p in bad[:10]),
    ]  # fmt: skip


def _wrong(workspace: Workspace, store: Store) -> Iterator[str]:
    """What differs from the platform's books, in words."""
    house = House(workspace, workspace.registry.connections.get(store.slug), now=_noon(store))
    yield from (f"{store.slug}: {what}" for what in proven_by(house, store.money))


@contextmanager
def _house(work: Path) -> Iterator[Simulation]:
    chance = random.Random(SEED)
    with ExitStack() as stack:
        hosts, made = {}, {}
        for name in SYNCED:
            made[name] = EMULATORS[name]()
            url = stack.enter_context(serving(made[name].application, bound()))
            hosts[name] = made[name].endpoints(url)  # type: ignore[attr-defined]
        work.mkdir(parents=True, exist_ok=True)
        endpoints_file = work / "endpoints.json"
        endpoints_file.write_text(json.dumps(hosts))
        os.environ["DAYBOOK_ENDPOINTS"] = str(endpoints_file)
        os.environ["DAYBOOK_ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1,localhost"
        stack.callback(settings.cache_clear)
        stack.callback(lambda: [os.environ.pop(n) for n in (
            "DAYBOOK_ENDPOINTS", "DAYBOOK_ALLOWED_PRIVATE_HOSTS", "DAYBOOK_HOME")])  # fmt: skip
        home = stack.enter_context(fresh_home(work / "home", []))
        os.environ["DAYBOOK_HOME"] = str(home.home)
        settings.cache_clear()
        registry = stack.enter_context(Registry.open(home))
        stack.enter_context(patch("connectors.http.remote.sleep", CLOCK.pass_by))
        stack.enter_context(buckets_passing_by(registry))
        accounts, stores = Accounts(settings(), registry), []
        for name, emulator in made.items():
            first = emulator.first  # type: ignore[attr-defined]
            fields = emulator.fields() | emulator.chosen(first) | emulator.keys(first)  # type: ignore[attr-defined]
            slug = accounts.add(name, name, fields, account=first, actor="simulation").slug
            store = Store(name, emulator, slug)
            setup = Setup(step="done", imports=Imports(history_from=store.money.first))
            registry.connections.set_setup(slug, setup.model_dump(mode="json"), "simulation")
            stores.append(store)
        yield Simulation(Workspace(settings(), registry), stores, chance)


def _child(slug: str, now: str) -> None:
    """What a process does that is about to be killed."""
    clock = datetime.fromisoformat(now)
    daybook = Daybook(clock=lambda: clock)
    with (
        _dagster_at(clock),
        daybook.open() as workspace,
        open_instance([slug]) as instance,
    ):
        print("ready", flush=True)
        run_fetch(instance, slug, daybook=daybook)
        connection = workspace.registry.connections.get(slug)
        for window in windows(outstanding_days(workspace, connection, clock), gap=31):
            run(instance, DATA, slug, window, daybook)


if __name__ == "__main__":
    _child(*sys.argv[1:])
