"""Every accounting target with a store that posts to it, and a look into its own books.

What a target holds is read from the target itself: the emulators' books, Tryton's database, the
files. It is compared with what Daybook has on record as posted there.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import create_engine, text

from connectors.accounting.target import OrganisationBooks
from connectors.accounts.accounts import Accounts
from connectors.accounts.keys import create_key
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Registry
from connectors.home.settings import Settings
from mappings.journal.config import MappingConfig
from mappings.model import JournalEntry
from pipelines.stages.organisations import entries_for, open_organisation, plan_for_organisation
from pipelines.stages.posted_documents import documents_of
from pipelines.stages.sender import Sent, send
from pipelines.stages.workspace import Workspace
from sandbox import amazon_files
from sandbox.faults import Faulty
from sandbox.limits import CLOCK
from sandbox.server import bound, serving
from tests.channels.house import House
from tests.channels.stores import buckets_passing_by
from tests.conftest import Server
from tests.connectors.accounts.platforms import desk
from tests.stages.organisation_books import FIRST_DAY, SINCE, settlement
from tests.targets.ledgers import (
    ACCOUNTS,
    OTHER_SALES,
    EmulatedBooks,
    ExportedBooks,
    Held,
    TrytonBooks,
)
from tests.tryton import program
from tests.tryton.prepare import USER, USER_PASSWORD, load
from tests.tryton.proxy import way_to

# Entries as invoices; the last day has one and a journal of the payout.
INVOICED = "xero-invoices"
# Entries as receipts; the last day has one and a transfer of the payout.
RECEIPTS = "quickbooks-receipts"
ORGANISATION, STORE = "harbour", "store"
DAYS = (FIRST_DAY, date(2026, 3, 3), date(2026, 3, 18))
# How long calls may be under way to a platform, by the name of what says so.
IMPATIENT = (
    "connectors.accounting.xero.journals.XeroJournals.late_seconds",
    "connectors.accounting.quickbooks.journals.QuickBooksJournals.late_seconds",
)
STANDS = ("csv", "hledger", "quickbooks", RECEIPTS, "tryton", "xero", INVOICED)
REMOTE = ("quickbooks", RECEIPTS, "tryton", "xero", INVOICED)
CURRENCIES = {
    **{"xero": "GBP", "xero-invoices": "GBP", "tryton": "GBP"},
    **{"quickbooks": "USD", RECEIPTS: "USD", "csv": "USD", "hledger": "USD"},
}


# What a mapping says of documents, by stand.
DOCUMENTS: dict[str, dict[str, Any]] = {
    INVOICED: {"document": "invoice"},
    RECEIPTS: {"document": "sales_receipt", "payouts": "transfer"},
}


@dataclass
class Stand:
    """A store whose entries go to one target; `held` reads the target's own books.

    `edit` is what somebody does to the entry of a day there, `close` what its owner does to the
    books; `expire` ends every access, `clear` empties the books.
    """

    name: str
    house: House
    held: Callable[[], Held]
    edit: Callable[[date], None]
    close: Callable[[date | None], None]
    clear: Callable[[], None]
    use: Callable[[str, bool], None]
    expire: Callable[[], None] = lambda: None
    faulty: Faulty | None = None
    url: str = ""
    ledger: Any = None
    _is_other: bool = False

    @property
    def registry(self) -> Registry:
        return self.house.workspace.registry

    @property
    def organisation(self) -> Connection:
        return self.registry.connections.get(ORGANISATION)

    @property
    def books(self) -> OrganisationBooks:
        """The target as the sender opens it."""
        return open_organisation(self.house.workspace, self.organisation)

    def plan(self) -> None:
        """Plan every day's entry under the mapping in effect."""
        plan_for_organisation(self.house.store, DAYS)

    def change(self) -> None:
        """Book sales elsewhere: every entry with sales has a newer revision."""
        self._is_other = not self._is_other
        self._map()
        self.plan()

    def withdraw(self, day: date) -> None:
        """No journal supports a day's entry any more."""
        entry = f"je:{STORE}:{day}:{CURRENCIES[self.name]}"
        self.registry.publications.withdraw(ORGANISATION, STORE, [entry])

    def send(self) -> Sent:
        return send(self.house.store, self.organisation, self.house.window)

    def heal(self, tries: int = 12) -> Sent:
        """Send until nothing fails, as somebody who tries again after a while."""
        for _ in range(tries):
            sent = self.send()
            if not sent.failed:
                return sent
            CLOCK.pass_by(60.0)
        raise AssertionError(f"{self.name} does not heal: {sent.failed}")

    def entries(self) -> list[JournalEntry]:
        """The entries that are planned, in their first revisions."""
        return sorted(
            entries_for(self.house.store, self.organisation, DAYS, {}),
            key=lambda entry: entry.business_date,
        )

    def script(self, *faults: str | None) -> None:
        """Let the next calls go wrong, one after the other; `expired` ends every access."""
        assert self.faulty is not None
        self.faulty.script = chain(map(self._fault, faults), repeat(None))

    def script_each(self, fault: str) -> None:
        """Let every second call go wrong until eight have."""
        self.script(*[None, fault] * 8)

    def _fault(self, fault: str | None) -> str | None:
        if fault != "expired":
            return fault
        self.expire()
        return None

    def settle(self) -> None:
        """Let every late request arrive."""
        if self.faulty is not None:
            self.faulty.script = repeat(None)
            with httpx2.Client(verify=False) as client:
                while self.faulty.late:
                    client.options(self.url)

    def reset(self) -> None:
        """Empty books, an empty outbox, and every entry planned."""
        self.settle()
        self.clear()
        # The tests before may have spent a day's quota of calls.
        CLOCK.pass_by(86_400.0)
        with self.registry.publications._transaction() as session:
            session.execute(text("DELETE FROM registry.publications"))
            session.execute(text("DELETE FROM registry.mapping_versions"))
        self._is_other = False
        self._map()
        self.plan()

    def states(self) -> Counter[str]:
        listed = self.registry.publications.list(ORGANISATION, all_revisions=True)
        return Counter(p.state for p in listed)

    def faults(self) -> list[str]:
        """What is wrong: anything but one live entry for each revision on record as posted."""
        held, faults = self.held(), []
        expected = Held()
        for p in self.registry.publications.list(ORGANISATION, all_revisions=True):
            for document in documents_of(p if p.state == "posted" else None):
                day = document.entry.business_date
                expected.entries[day] += 1
                for line in document.entry.lines:
                    expected.add(day, line.account, line.amount)
        if held.plain() != expected.plain():
            faults.append(f"{self.name} holds {held.plain()}, not {expected.plain()}")
        if +held.entries != +expected.entries:
            faults.append(f"{self.name} has {held.entries} live entries, not {expected.entries}")
        return faults

    def check(self, entries: int | None = None) -> None:
        """Every entry on record stands there once, and the accounts have its sums."""
        assert self.faults() == []
        if entries is not None:
            assert self.held().entries.total() == entries

    def _map(self) -> None:
        sales = {"sales": OTHER_SALES[self.name]} if self._is_other else {}
        config = MappingConfig(
            chart="organisation",
            accounts={**ACCOUNTS[self.name], **sales},
            overrides=[],
            **DOCUMENTS.get(self.name, {}),
        )
        self.registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="test", target=ORGANISATION
        )


@contextmanager
def stand(name: str, server: Server, folder: Path) -> Iterator[Stand]:
    """A target with a store of three entries, planned."""
    with ExitStack() as stack:
        database = stack.enter_context(server.database())
        settings = Settings(home=folder / "home", database_url=database)
        settings.key_file.parent.mkdir(parents=True)
        create_key(settings)
        opened = {
            "csv": _files,
            "hledger": _files,
            "quickbooks": _emulated,
            RECEIPTS: _emulated,
            "tryton": _tryton,
            "xero": _emulated,
            INVOICED: _emulated,
        }[name]
        yield stack.enter_context(opened(name, settings, folder, server))


@contextmanager
def _emulated(name: str, settings: Settings, folder: Path, _server: Server) -> Iterator[Stand]:
    platform = name.partition("-")[0]
    with (
        desk(platform, settings, folder) as at,
        buckets_passing_by(at.registry),
        pytest.MonkeyPatch.context() as patch,
    ):
        # The emulators' clock goes on instead of anybody waiting for turns.
        patch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
        # Nobody waits for calls that may arrive late, but for the test of it.
        for target in IMPATIENT:
            patch.setattr(target, 0.0)
        emulator: Any = at.emulator
        house = _house(at.accounts, platform, at.fields(emulator.first), emulator.first, name)
        ledgers = emulator.ledgers if platform == "xero" else emulator.books
        ledger = ledgers[emulator.first]
        paths = {"xero": "/api.xro/2.0/", "quickbooks": "/v3/company/"}
        emulator.application.only = paths[platform]
        made = EmulatedBooks(platform, ledger)
        yield _planned(
            Stand(
                name,
                house,
                made.held,
                made.edit,
                made.close,
                made.clear,
                made.use,
                emulator.expire,
                emulator.application,
                at.url,
                ledger,
            )
        )


@contextmanager
def _tryton(name: str, settings: Settings, folder: Path, server: Server) -> Iterator[Stand]:
    database = load(server)
    uri = program.database_uri(server.url, database)
    engine = create_engine(server.url.set(database=database), isolation_level="AUTOCOMMIT")
    with program.running(uri, database, folder) as upstream:
        faulty = Faulty(way_to(upstream))
        with serving(faulty, bound()) as url:
            private = settings.model_copy(update={"allowed_private_hosts": "127.0.0.1"})
            fields = {
                "server_url": url,
                "database": database,
                "user": USER,
                "password": USER_PASSWORD,
            }
            with Registry.open(private) as registry, pytest.MonkeyPatch.context() as patch:
                patch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
                place = f"{url.partition('://')[2]}/{database}#1"
                house = _house(Accounts(private, registry), name, fields, place)
                made = TrytonBooks(engine, program.Administrator.login(upstream, database))
                yield _planned(
                    Stand(
                        name,
                        house,
                        made.held,
                        made.edit,
                        made.close,
                        made.clear,
                        made.use,
                        made.expire,
                        faulty,
                        url,
                        made,
                    )
                )
    engine.dispose()
    server.execute(f'DROP DATABASE "{database}" WITH (FORCE)')


@contextmanager
def _files(name: str, settings: Settings, _folder: Path, _server: Server) -> Iterator[Stand]:
    with Registry.open(settings) as registry:
        form = "generic" if name == "csv" else "hledger"
        fields = {"books": "Harbour Gifts", "form": form, "currency": "USD"}
        house = _house(Accounts(settings, registry), "files", fields, "harbour gifts", name)
        made = ExportedBooks(name, settings.exports_folder / ORGANISATION / STORE)
        yield _planned(
            Stand(name, house, made.held, made.edit, made.close, made.clear, made.use, ledger=made)
        )


def _house(
    accounts: Accounts, platform: str, fields: Mapping[str, str], account: str, name: str = ""
) -> House:
    """A store that posts to an account of a platform."""
    registry = accounts.registry
    accounts.add(
        platform, "Harbour Gifts", fields, account=account, slug=ORGANISATION, actor="test"
    )
    registry.connections.set_posting(ORGANISATION, SINCE, "test")
    # Nobody has to approve the first entries.
    registry.entry_choices.set_automatic(ORGANISATION, STORE, SINCE, "test")
    registry.connections.add(STORE, channel="amazon", name="Store", timezone="UTC", actor="test")
    target = Setup(target=ORGANISATION).model_dump(mode="json")
    registry.connections.set_setup(STORE, target, "test")
    settings = accounts.settings.model_copy(update={"threads": 1, "memory_limit": "500MB"})
    house = House(Workspace(settings, registry), registry.connections.get(STORE))
    currency = CURRENCIES[name or platform]
    house.take(_with_late_sale(currency) if name in DOCUMENTS else settlement(currency))
    house.normalise()
    house.journal()
    return house


def _with_late_sale(currency: str) -> str:
    """The settlement of all, with a sale without a fee on the day that it is paid out."""
    late = amazon_files.line(
        "Order",
        "ItemPrice",
        "Principal",
        "5.00",
        at="2026-03-18 08:00:00 UTC",
        order_id="111-0000003-0000003",
        marketplace_name="Amazon.com",
        order_item_code="0000003",
        sku="MUG-BLUE",
        quantity_purchased="1",
    )
    return settlement(currency, more=[late])


def _planned(made: Stand) -> Stand:
    made.reset()
    return made
