"""Entries to Xero, over HTTP: once each at the organisation, whatever answer is lost."""

from collections import Counter
from collections.abc import Iterator
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
from pipelines.stages.organisations import organisation_of, plan_for_organisation
from pipelines.stages.sender import Sent, send
from pipelines.stages.workspace import Workspace
from sandbox.amazon_files import order, report
from sandbox.xero_books import Ledger
from tests.channels.house import House
from tests.connectors.accounts.platforms import Desk, desk

SINCE = date(2026, 3, 1)
FIRST_DAY = date(2026, 3, 2)
ACCOUNTS = {
    "clearing": "1100",
    "sales": "200",
    "fee_referral": "404",
    "payouts": "877",
}


def settlement(price: str = "20.00") -> str:
    return report(
        [
            *order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC", price=price),
            *order("111-0000002-0000002", at="2026-03-03 08:00:00 UTC"),
        ],
        currency="GBP",
        start="2026-03-01 12:00:00 UTC",
        end="2026-03-15 12:00:00 UTC",
        deposit="2026-03-18 12:00:00 UTC",
    )


@dataclass
class Books:
    """A store whose entries go to a Xero organisation in the sandbox."""

    house: House
    desk: Desk

    @property
    def xero(self) -> Any:
        return self.desk.emulator

    @property
    def ledger(self) -> Ledger:
        ledger: Ledger = self.xero.ledgers[self.xero.first]
        return ledger

    def take(self, text: str, name: str = "report.txt") -> None:
        self.house.take(text, name)
        self.house.normalise()
        plan_for_organisation(self.house.store, self.house.window, self.house.journal())

    def send(self) -> Sent:
        organisation = organisation_of(self.house.workspace, self.house.connection)
        assert organisation is not None
        return send(self.house.store, organisation, self.house.window)

    def states(self) -> Counter[str]:
        listed = self.house.workspace.registry.publications.list("harbour", all_revisions=True)
        return Counter(p.state for p in listed)

    def fault(self, *faults: str | None) -> None:
        """Let the next calls about journals go wrong, one after the other."""
        self.xero.application.only = "/api.xro/2.0/ManualJournals"
        self.xero.application.script = chain(faults, repeat(None))


@pytest.fixture
def books(quick_home: Settings, tmp_path: Path) -> Iterator[Books]:
    with desk("xero", quick_home, tmp_path) as at:
        registry = at.registry
        at.accounts.add(
            "xero",
            "Harbour Gifts",
            at.fields(at.emulator.first),
            account=at.emulator.first,
            slug="harbour",
            actor="test",
        )
        registry.connections.set_posting("harbour", SINCE, "test")
        registry.connections.add(
            "store", channel="amazon", name="Store", timezone="UTC", actor="test"
        )
        registry.connections.set_setup(
            "store", Setup(target="harbour").model_dump(mode="json"), "test"
        )
        config = MappingConfig(chart="organisation", accounts=ACCOUNTS)
        registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
        )
        settings = at.accounts.settings.model_copy(update={"threads": 1, "memory_limit": "500MB"})
        house = House(Workspace(settings, registry), registry.connections.get("store"))
        yield Books(house, at)


def check_once(books: Books, entries: int) -> None:
    """Each entry stands in the organisation once, and all of them leave what the journal says."""
    markers = Counter(j["Narration"].partition("[")[2] for j in books.ledger.live)
    assert len(markers) == entries
    assert set(markers.values()) == {1}
    assert sum(books.ledger.balances().values()) == 0


def test_entries_arrive_once_and_balance(books: Books) -> None:
    books.take(settlement())
    sent = books.send()
    assert (len(sent.posted), sent.failed) == (3, {})
    check_once(books, 3)
    assert books.ledger.balances()["200"] == Decimal("-40.00")
    assert books.send().posted == []
    check_once(books, 3)


@pytest.mark.parametrize(
    "faults",
    [
        ("lost",),
        (None, "lost"),
        ("lost", "503", "lost"),
        ("503",),
        ("cut",),
        ("429 1",),
        ("lost", "lost", "lost", "lost"),
    ],
)
def test_an_answer_that_is_lost_posts_nothing_twice(
    books: Books, faults: tuple[str | None, ...]
) -> None:
    books.take(settlement())
    books.fault(*faults)
    for _ in range(8):
        sent = books.send()
        if not sent.failed:
            break
    assert books.states() == {"posted": 3}
    check_once(books, 3)


def test_a_token_that_ends_in_the_middle_is_renewed(books: Books) -> None:
    books.take(settlement())
    books.xero.expire()
    assert books.send().failed == {}
    check_once(books, 3)


@pytest.mark.parametrize("fault", [None, "lost", "503"])
def test_a_changed_day_is_replaced_where_it_stands(books: Books, fault: str | None) -> None:
    books.take(settlement())
    books.send()
    ids = set(books.ledger.journals)
    books.take(settlement(price="25.00"), "restated.txt")
    # Before it replaces a journal, Daybook looks whether anybody edited it.
    books.fault(None, fault)
    books.send()
    books.send()
    assert set(books.ledger.journals) == ids
    assert books.ledger.balances()["200"] == Decimal("-45.00")
    check_once(books, 3)
    assert books.states()["posted"] == 3


def test_what_somebody_edited_there_is_never_overwritten(books: Books) -> None:
    books.take(settlement())
    books.send()
    edited = next(j for j in books.ledger.journals.values() if j["day"] == str(FIRST_DAY))
    for line, amount in zip(edited["JournalLines"], ("1.00", "-1.00"), strict=False):
        line["LineAmount"] = float(Decimal(str(line["LineAmount"])) + Decimal(amount))
    before = books.ledger.balances()
    books.take(settlement(price="25.00"), "restated.txt")
    sent = books.send()
    assert "was edited in Xero" in sent.failed[FIRST_DAY]
    assert edited["JournalLines"][0]["LineAmount"] is not None
    assert books.ledger.balances() != before
    assert len(books.ledger.live) == 3


def test_a_withdrawn_entry_is_voided_there(books: Books) -> None:
    books.take(settlement())
    books.send()
    registry = books.house.workspace.registry
    registry.publications.withdraw("harbour", "store", [(FIRST_DAY, "GBP")])
    sent = books.send()
    assert [p.business_date for p in sent.removed] == [FIRST_DAY]
    check_once(books, 2)
    assert books.send().removed == []


def test_a_closed_period_holds_its_days_alone(books: Books) -> None:
    books.ledger.period_lock = FIRST_DAY
    books.take(settlement())
    sent = books.send()
    assert "closed through 2026-03-02" in sent.failed[FIRST_DAY]
    check_once(books, 2)
    books.ledger.period_lock = None
    assert books.send().failed == {}
    check_once(books, 3)


def test_an_account_that_is_archived_is_refused_in_words(books: Books) -> None:
    books.ledger.accounts["404"]["Status"] = "ARCHIVED"
    books.take(settlement())
    sent = books.send()
    assert "Account code '404' has been archived" in sent.failed[FIRST_DAY]
    books.ledger.accounts["404"]["Status"] = "ACTIVE"
    # Xero may repeat the answer to a key whose cause is cured; another try has another key.
    assert books.send().failed == {}
    check_once(books, 3)


def test_another_currency_is_refused_before_anything_is_sent(books: Books) -> None:
    books.take(settlement().replace("GBP", "USD"))
    sent = books.send()
    assert "are in the organisation's own currency, GBP" in sent.failed[FIRST_DAY]
    assert books.ledger.journals == {}
