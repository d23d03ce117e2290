"""Stores that are read through their platform's API, from the platform to the books."""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text

from connectors.accounts.setup import Imports, Setup
from connectors.channels import CHANNELS
from connectors.channels.history import whole_days
from connectors.database.registry import Registry
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from mappings.model import CLEARING
from pipelines.stages.explanation import behind, sources
from pipelines.stages.fetch import Fetched, fetch
from pipelines.stages.journals import read_entries
from pipelines.stages.reconciliation import Proof
from pipelines.stages.settlements import closing_day, covered_days
from pipelines.stages.ties import untied
from pipelines.stages.workspace import Workspace
from sandbox.faults import Exchange
from sandbox.limits import CLOCK
from sandbox.money import Money, Owed
from tests.channels.house import House
from tests.connectors.accounts.platforms import Desk, desk

# They tell of nothing before a settlement has closed: a day that none covers is open.
REPORT_BASED = {"amazon", "walmart"}
SYNCED = sorted(name for name, found in CHANNELS.items() if found.read is not None)
ONE_DAY = timedelta(days=1)
_PASSED = text("UPDATE registry.buckets SET at = at - :wait")


@dataclass
class Store:
    """One connected account, its platform, and the home it is read into."""

    desk: Desk
    house: House
    account: str

    @property
    def money(self) -> Money:
        """What the account has earned, by the platform's own books."""
        accounts: dict[str, Money] = self.desk.emulator.money  # type: ignore[attr-defined]
        return accounts[self.account]

    @property
    def now(self) -> datetime:
        """Noon of the platform's day."""
        return datetime.combine(self.money.today, datetime.min.time(), UTC) + timedelta(hours=12)

    @property
    def whole(self) -> Window:
        """The days that are over."""
        return whole_days(self.house.connection, self.house.settings.first_day, self.now)

    @property
    def exchanges(self) -> list[Exchange]:
        """What went over the wire so far."""
        return self.desk.emulator.application.exchanges

    def sync(self, window: Window | None = None, *, again: bool = False) -> Fetched:
        """Fetch what there is of a window, all whole days unless a test says so."""
        self.house.connection = self.desk.registry.connections.get(self.house.slug)
        span = window or self.whole
        return fetch(self.house.workspace, self.house.connection, span, self.now, again=again)

    def books(self, days: Collection[date] = ()) -> None:
        """From what was fetched to the books, of all days or of what was touched."""
        window = Window(self.whole.start, self.whole.end + timedelta(days=40))
        if days:
            window = Window(min(days), max(days) + ONE_DAY)
        outcome = self.house.run(window)
        assert not outcome.failed, outcome.failed
        assert not self.house.held()

    def ties(self, days: Collection[date]) -> dict[date, str | None]:
        """What the check of settlements says after a run over `days`, by closing day."""
        return untied(self.house.store, days)

    def proofs(self) -> dict[str, Proof]:
        """The proof table by settlement."""
        return {proof.settlement_id: proof for proof in self.house.prove()}

    def rows(self) -> list[dict[str, Any]]:
        """Canonical lines but those that close settlements, told apart by key."""
        return [r for r in self.house.rows() if r["payout_id"] is None]


@contextmanager
def store(name: str, home: Settings, folder: Path, *, quiet: bool = False) -> Iterator[Store]:
    """The platform's first account connected, or its second, on which nothing ever happens."""
    with desk(name, home, folder) as at, buckets_passing_by(at.registry):
        account = at.emulator.second if quiet else at.emulator.first
        yield connected(at, account)


@contextmanager
def buckets_passing_by(registry: Registry) -> Iterator[None]:
    """The home's buckets go by the emulators' clock, too."""

    def passed(seconds: float) -> None:
        with registry.connections._transaction() as session:
            session.execute(_PASSED, {"wait": timedelta(seconds=seconds)})

    CLOCK.others.append(passed)
    try:
        yield
    finally:
        CLOCK.others.remove(passed)


def connected(at: Desk, account: str) -> Store:
    """Connect an account; its history begins with its money's first day."""
    slug = at.add(account)
    # Connecting does not wait for turns; what it asked has left the platform's second by now.
    CLOCK.pass_by(1.0)
    money: Money = at.emulator.money[account]  # type: ignore[attr-defined]
    setup = Setup(step="done", imports=Imports(history_from=money.first))
    at.registry.connections.set_setup(slug, setup.model_dump(mode="json"), "test")
    workspace = Workspace(at.accounts.settings, at.registry)
    return Store(at, House(workspace, at.registry.connections.get(slug)), account)


def check_tied(at: Store) -> None:
    """Every settlement that the platform knows of is in the proof table, to the cent."""
    proven = list(proven_by(at.house, at.money))
    assert not proven, proven


def check_judged(at: Store) -> None:
    """Every settlement whose days are all there is judged, and found right."""
    house, zone = at.house, at.house.connection.timezone
    present = house.workspace.lake.days("transactions", house.slug)
    whole = [
        s
        for s in house.store.settlements
        if {*covered_days(s, zone), closing_day(s, zone)} <= present
    ]
    assert at.ties(present) == {closing_day(s, zone): None for s in whole}


def proven_by(house: House, money: Money) -> Iterator[str]:
    """What differs from the platform's own books, in words."""
    proofs = {proof.settlement_id: proof for proof in house.prove()}
    owed = money.settlements()
    for name in {k for k, o in owed.items() if o.total or o.paid} - proofs.keys():
        yield f"{name} is missing: {owed[name]}"
    for name, proof in proofs.items():
        expected = owed.get(name)
        if expected is None:
            yield f"{name} is none of the platform's"
            continue
        if proof.state == "open" and (proof.why or "").endswith("when that day is over"):
            expected = replace(expected, paid=proof.paid)
        actual = Owed(proof.currency, proof.raw, proof.paid)
        if actual != expected or proof.normalised not in {None, proof.raw}:
            yield f"{name} is {actual}, and {expected} there"
        if proof.state != ("open" if expected.paid is None else "tied"):
            yield f"{name} is {proof.state}: {proof.why}"
    keys = [r["transaction_id"] for r in house.rows()]
    if len(keys) != len(set(keys)):
        yield f"{len(keys) - len(set(keys))} lines stand twice"
    lines = sum((r["amount"] for r in house.rows() if r["payout_id"] is None), Decimal(0))
    total = sum((o.total for o in owed.values()), Decimal(0))
    if lines != total:
        yield f"all lines come to {lines:f}, and to {total:f} there"


def check_explained(at: Store) -> None:
    """Every posting of the fullest day is the sum of lines that are shown as the platform told."""
    day, _ = Counter(row["business_date"] for row in at.rows()).most_common(1)[0]
    explained = sources(at.house.workspace, at.house.connection, day)
    assert [s.transaction_id for s in explained if s.part == "activity" and not s.cells] == []
    for entry in read_entries(at.house.workspace, at.house.slug, [day], {}):
        for line in entry.lines:
            owed = sum(source.amount for source in behind(line, entry, explained))
            assert owed == (line.amount if line.category == CLEARING else -line.amount)
