"""A store whose entries go to Xero or QuickBooks in the sandbox, over HTTP."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from connectors.accounts.setup import Setup
from connectors.home.settings import Settings
from mappings.journal.config import MappingConfig
from pipelines.stages.organisations import (
    organisation_of,
    plan_for_organisation,
)
from pipelines.stages.sender import Sent, send
from pipelines.stages.workspace import Workspace
from sandbox.amazon_files import Line, order, report
from sandbox.limits import CLOCK
from tests.channels.house import House
from tests.channels.stores import buckets_passing_by
from tests.connectors.accounts.platforms import Desk, desk

SINCE = date(2026, 3, 1)
FIRST_DAY = date(2026, 3, 2)
ACCOUNTS = {
    "xero": {"clearing": "1100", "sales": "200", "fee_referral": "404", "payouts": "877"},
    "quickbooks": {"clearing": "51", "sales": "79", "fee_referral": "90", "payouts": "52"},
}
CURRENCIES = {"xero": "GBP", "quickbooks": "USD"}


def settlement(currency: str, price: str = "20.00", more: Sequence[Line] = ()) -> str:
    return report(
        [
            *order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC", price=price),
            *order("111-0000002-0000002", at="2026-03-03 08:00:00 UTC"),
            *more,
        ],
        currency=currency,
        start="2026-03-01 12:00:00 UTC",
        end="2026-03-15 12:00:00 UTC",
        deposit="2026-03-18 12:00:00 UTC",
    )


@dataclass
class Books:
    """A store whose entries go to an organisation in the sandbox."""

    house: House
    desk: Desk

    @property
    def name(self) -> str:
        return self.desk.name

    @property
    def platform(self) -> Any:
        return self.desk.emulator

    @property
    def ledger(self) -> Any:
        ledgers = self.platform.ledgers if self.name == "xero" else self.platform.books
        return ledgers[self.platform.first]

    @property
    def markers(self) -> Counter[str]:
        note = "Narration" if self.name == "xero" else "PrivateNote"
        return Counter(entry[note].partition("[")[2] for entry in self.ledger.live)

    @property
    def sales(self) -> Decimal:
        sales: Decimal = self.ledger.balances()[ACCOUNTS[self.name]["sales"]]
        return sales

    def settlement(self, price: str = "20.00") -> str:
        return settlement(CURRENCIES[self.name], price)

    def take(self, text: str, name: str = "report.txt") -> None:
        self.house.take(text, name)
        self.house.normalise()
        plan_for_organisation(self.house.store, self.house.journal().days.keys())

    def send(self) -> Sent:
        organisation = organisation_of(self.house.workspace, self.house.connection)
        assert organisation is not None
        return send(self.house.store, organisation, self.house.window)

    def states(self) -> Counter[str]:
        listed = self.house.workspace.registry.publications.list("harbour", all_revisions=True)
        return Counter(p.state for p in listed)

    def fault(self, *faults: str | None) -> None:
        """Let the next calls about journals go wrong, one after the other."""
        paths = {"xero": "/api.xro/2.0/ManualJournals", "quickbooks": "/v3/company/"}
        self.platform.application.only = paths[self.name]
        self.platform.application.script = chain(faults, repeat(None))

    def edit(self, day: date) -> None:
        """Somebody moves a pound of an entry from one account to another, there."""
        if self.name == "xero":
            journal = next(j for j in self.ledger.live if j["day"] == str(day))
            journal["JournalLines"][0]["AccountCode"] = "260"
        else:
            entry = next(e for e in self.ledger.live if e["TxnDate"] == str(day))
            entry["Line"][0]["JournalEntryLineDetail"]["AccountRef"]["value"] = "91"

    def close(self, day: date | None) -> None:
        setattr(self.ledger, "period_lock" if self.name == "xero" else "close_date", day)

    def use(self, account: str, *, is_active: bool) -> None:
        """Archive an account there, or take it out of the archive."""
        number = ACCOUNTS[self.name][account]
        if self.name == "xero":
            self.ledger.accounts[number]["Status"] = "ACTIVE" if is_active else "ARCHIVED"
        else:
            self.ledger.accounts[number]["Active"] = is_active


@pytest.fixture(params=sorted(ACCOUNTS))
def books(
    request: pytest.FixtureRequest,
    quick_home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Books]:
    name: str = request.param
    with desk(name, quick_home, tmp_path) as at, buckets_passing_by(at.registry):
        registry, first = at.registry, at.emulator.first
        fields = at.fields(first)
        at.accounts.add(name, "Harbour Gifts", fields, account=first, slug="harbour", actor="test")
        registry.connections.set_posting("harbour", SINCE, "test")
        registry.entry_choices.set_automatic("harbour", "store", SINCE, "test")
        registry.connections.add(
            "store", channel="amazon", name="Store", timezone="UTC", actor="test"
        )
        target = Setup(target="harbour").model_dump(mode="json")
        registry.connections.set_setup("store", target, "test")
        config = MappingConfig(chart="organisation", accounts=ACCOUNTS[name])
        registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
        )
        settings = at.accounts.settings.model_copy(update={"threads": 1, "memory_limit": "500MB"})
        # The emulators' clock goes on instead of anybody waiting for turns.
        monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
        house = House(Workspace(settings, registry), registry.connections.get("store"))
        yield Books(house, at)


def check_once(books: Books, entries: int) -> None:
    """Each entry stands in the organisation once, and all of them leave what the journal says."""
    assert len(books.markers) == entries
    assert set(books.markers.values()) == {1}
    assert sum(books.ledger.balances().values()) == 0


def first_entry(books: Books) -> dict[str, Any]:
    """The first day's entry, there."""
    day = "day" if books.name == "xero" else "TxnDate"
    (entry,) = (e for e in books.ledger.live if e[day] == str(FIRST_DAY))
    first: dict[str, Any] = entry
    return first


def identities(books: Books) -> set[str]:
    """What the organisation calls the entries it holds."""
    name = "ManualJournalID" if books.name == "xero" else "Id"
    return {entry[name] for entry in books.ledger.live}
