"""Ten thousand due entries sent to Xero and QuickBooks, whose emulators keep the platforms' limits.

The emulators' clock goes on instead of anybody waiting, so the time is what it would be there. The
least is what the limits take for the calls that were made. A day of Xero's lowest plan has 1,000
calls, so 900 entries go there, and the others to QuickBooks, from stores of 900 days.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from connectors.accounts.setup import Setup
from connectors.database import postgres
from connectors.database.registry import Registry
from connectors.home.home import create_key
from connectors.home.settings import Settings
from mappings.journal.config import MappingConfig
from pipelines.stages.organisations import plan_for_organisation
from pipelines.stages.sender import send
from pipelines.stages.workspace import Workspace
from sandbox.amazon_files import order, report
from sandbox.limits import CLOCK
from tests.benchmarks.results import Result
from tests.channels.house import House
from tests.channels.stores import buckets_passing_by
from tests.conftest import Server
from tests.connectors.accounts.platforms import Desk, desk
from tests.stages.organisation_books import ACCOUNTS, CURRENCIES

ENTRIES = {"xero": 900, "quickbooks": 9_100}
OF_A_STORE = 900
TIMES = 1.2
# The emulators' books are closed through the day before.
FIRST = date(2026, 1, 1)
TARGET = "harbour"


@dataclass(frozen=True)
class Round:
    """Entries sent, seconds on the platform's clock, ours, the least, and calls and refusals."""

    entries: int
    seconds: float
    own: float
    least: float
    calls: int
    refused: int


def measure(work: Path, scale: float) -> list[Result]:
    """Send to each platform; at a smaller scale, fewer entries."""
    work.mkdir(parents=True)
    settings = Settings(home=work / "home", database_url=None)
    postgres.ensure_database(settings)
    try:
        server = Server(make_url(postgres.database_url(settings, "public")), work)
        return [
            result
            for name, entries in ENTRIES.items()
            for result in _results(
                name, _sent(name, max(9, round(entries * scale)), server, work), scale
            )
        ]
    finally:
        postgres.stop(settings)


def _results(name: str, sent: Round, scale: float) -> list[Result]:
    # A burst and the first minute come at once, so a few entries say nothing about the rate.
    reached = sent.seconds <= TIMES * sent.least if scale >= 1 else None
    return [
        Result(f"{name}: {sent.entries:,} due entries sent", f"{sent.seconds:.0f} s",
               f"<= {TIMES} x {sent.least:.0f} s", reached),
        Result("  our own work", f"{1000 * sent.own / sent.entries:.0f} ms an entry"),
        Result("  calls", f"{sent.calls:,} ({sent.calls / sent.entries:.2f} an entry)"),
        Result("  refused as over a limit", str(sent.refused), "0", not sent.refused),
    ]  # fmt: skip


def _sent(name: str, entries: int, server: Server, work: Path) -> Round:
    folder = work / name
    folder.mkdir()
    with (
        server.database() as database,
        _desk(name, Settings(home=folder / "home", database_url=database), folder) as at,
    ):
        emulator: Any = at.emulator
        houses = [
            _store(at, f"store-{n}", min(OF_A_STORE, entries - n * OF_A_STORE))
            for n in range(-(-entries // OF_A_STORE))
        ]
        organisation = at.registry.connections.get(TARGET)
        clock, started = CLOCK(), time.monotonic()
        # What connecting asked is over, and counts for nothing.
        emulator.limits.taken.clear()
        posted = 0
        for house in houses:
            sent = send(house.store, organisation, house.window)
            assert (sent.failed, sent.held) == ({}, [])
            posted += len(sent.posted)
        own, seconds = time.monotonic() - started, CLOCK() - clock
        limits = emulator.limits
        calls = max(limits.taken.values())
        return Round(posted, seconds, own, limits.least(), calls, limits.refused.total())


@contextmanager
def _desk(name: str, settings: Settings, folder: Path) -> Iterator[Desk]:
    settings.key_file.parent.mkdir(parents=True)
    create_key(settings)
    with (
        desk(name, settings, folder) as at,
        buckets_passing_by(at.registry),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
        emulator: Any = at.emulator
        first = emulator.first
        ledger = (emulator.ledgers if name == "xero" else emulator.books)[first]
        setattr(ledger, "period_lock" if name == "xero" else "close_date", None)
        fields = at.fields(first)
        at.accounts.add(name, "Harbour", fields, account=first, slug=TARGET, actor="benchmark")
        at.registry.connections.set_posting(TARGET, FIRST, "benchmark")
        config = MappingConfig(chart="organisation", accounts=ACCOUNTS[name])
        at.registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="benchmark", target=TARGET
        )
        # Minutes are the shortest stretch that a limit counts but for seconds.
        CLOCK.pass_by(61.0)
        yield at


def _store(at: Desk, slug: str, days: int) -> House:
    """A store with an order a day but one, and a payout on the last: so many entries, all due."""
    registry: Registry = at.registry
    registry.connections.add(slug, channel="amazon", name=slug, timezone="UTC", actor="benchmark")
    setup = Setup(target=TARGET).model_dump(mode="json")
    registry.connections.set_setup(slug, setup, "benchmark")
    registry.entry_choices.set_automatic(TARGET, slug, FIRST, "benchmark")
    settings = at.accounts.settings.model_copy(update={"threads": 2, "memory_limit": "1GB"})
    house = House(Workspace(settings, registry), registry.connections.get(slug))
    sold = [FIRST + timedelta(days=n) for n in range(days - 1)]
    end = FIRST + timedelta(days=days - 1)
    house.take(
        report(
            [row for day in sold for row in order(f"111-{day}", at=f"{day} 08:00:00 UTC")],
            currency=CURRENCIES[at.name],
            start=f"{FIRST} 00:00:00 UTC",
            end=f"{end} 00:00:00 UTC",
            deposit=f"{end} 12:00:00 UTC",
        )
    )
    house.normalise()
    house.journal()
    plan_for_organisation(house.store, list(house.window))
    # Days to come are due as well, whatever today is.
    window = house.window
    registry.publications.hasten(TARGET, [slug], window.start, window.end)
    return house
