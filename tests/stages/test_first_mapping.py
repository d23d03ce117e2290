"""A store's first mapping at an organisation, made there, compared, copied and looked after."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.errors import Permanent
from connectors.home.settings import Settings
from mappings.journal.config import MappingConfig
from mappings.taxonomy import chart
from pipelines.stages.mapping import mapping_of
from pipelines.stages.mapping_changes import save_mapping
from pipelines.stages.mapping_checks import check_mappings
from pipelines.stages.mapping_copies import copies, save_copies
from pipelines.stages.mapping_suggestions import (
    create_accounts,
    suggest_accounts,
    suggested_mapping,
)
from pipelines.stages.workspace import Workspace
from sandbox.limits import CLOCK
from tests.channels.stores import buckets_passing_by
from tests.connectors.accounts.platforms import Desk, desk


class Firm:
    """An organisation in the sandbox, and two stores that post to it."""

    def __init__(self, at: Desk) -> None:
        self.desk, self.registry = at, at.registry
        fields = at.fields(at.emulator.first)
        at.accounts.add(
            at.name, "Harbour Gifts", fields, account=at.emulator.first, slug="harbour", actor="t"
        )
        # Connecting takes no turns; what it called has left the platform's second by now.
        CLOCK.pass_by(1.0)
        at.registry.connections.set_posting("harbour", date(2026, 3, 1), "t")
        target = Setup(target="harbour").model_dump(mode="json")
        for slug, name in (("mugs", "Mugs"), ("hats", "Hats")):
            at.registry.connections.add(
                slug, channel="amazon", name=name, timezone="UTC", actor="t"
            )
            at.registry.connections.set_setup(slug, target, "t")
        self.workspace = Workspace(at.accounts.settings, at.registry)

    @property
    def chart(self) -> dict[str, dict[str, Any]]:
        platform: Any = self.desk.emulator
        ledgers = platform.ledgers if self.desk.name == "xero" else platform.books
        accounts: dict[str, dict[str, Any]] = ledgers[platform.first].accounts
        return accounts

    def connection(self, slug: str) -> Connection:
        return self.registry.connections.get(slug)

    def mapping(self, slug: str = "mugs") -> MappingConfig:
        return mapping_of(self.registry, slug, "harbour")

    def save_suggested(self, slug: str = "mugs") -> None:
        """Do as `mappings suggest --create --save`."""
        harbour = self.connection("harbour")
        suggestions = suggest_accounts(self.workspace, self.connection(slug), harbour)
        made = create_accounts(self.workspace, harbour, suggestions, "t")
        config = suggested_mapping(self.workspace, self.connection(slug), harbour, made)
        save_mapping(self.workspace, config, slug, "t", target="harbour")


@pytest.fixture(params=["quickbooks", "xero"])
def firm(
    request: pytest.FixtureRequest,
    quick_home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Firm]:
    with desk(request.param, quick_home, tmp_path) as at, buckets_passing_by(at.registry):
        monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
        yield Firm(at)


def test_a_chart_that_lacks_accounts_gets_them_once(firm: Firm) -> None:
    before = set(firm.chart)
    firm.save_suggested()
    named = firm.mapping().accounts
    assert set(named) == set(chart("books"))
    assert set(named.values()) <= set(firm.chart)
    made = {number: firm.chart[number]["Name"] for number in set(firm.chart) - before}
    assert "Payouts in transit" in made.values() or firm.desk.name == "quickbooks"
    assert len(set(made.values())) == len(made)
    # A first mapping moves payouts by transfers where there are any; a later one changes nothing.
    assert firm.mapping().payouts == {"quickbooks": "transfer", "xero": "journal"}[firm.desk.name]
    journals = firm.mapping().model_copy(update={"payouts": "journal"})
    save_mapping(firm.workspace, journals, "mugs", "t", target="harbour")
    firm.save_suggested()
    assert firm.mapping().payouts == "journal"
    # The other store finds what was made, and shares no clearing account with the first.
    firm.save_suggested("hats")
    theirs = firm.mapping("hats").accounts
    assert {role for role in named if named[role] != theirs[role]} <= {"clearing"}
    events = [e for e in firm.registry.audit.list() if e.action == "account.created"]
    assert len(events) == len(firm.chart) - len(before)
    assert {event.subject for event in events} == {"harbour"}


def test_an_account_that_is_refused_leaves_what_was_made(firm: Firm) -> None:
    harbour, store = firm.connection("harbour"), firm.connection("mugs")
    suggestions = suggest_accounts(firm.workspace, store, harbour)
    missing = [each for each in suggestions if each.new is not None]
    # Somebody makes one of the same name in the meantime.
    create_accounts(firm.workspace, harbour, missing[-1:], "t")
    with pytest.raises(Permanent):
        create_accounts(firm.workspace, harbour, missing, "t")
    firm.save_suggested()
    assert set(firm.mapping().accounts) == set(chart("books"))


def test_an_account_that_is_archived_later_is_on_the_card(firm: Firm) -> None:
    firm.save_suggested()
    harbour = firm.connection("harbour")
    assert check_mappings(firm.workspace, harbour)["mugs"] == []
    number = firm.mapping().accounts["sales"]
    firm.chart[number] |= {"Status": "ARCHIVED", "Active": False}
    problems = check_mappings(firm.workspace, harbour)["mugs"]
    assert all(problem.startswith("accounts.") and f"{number} (" in problem for problem in problems)
    (finding, *_) = firm.connection("mugs").findings
    assert finding.startswith("accounts: accounts.")
    assert finding.endswith("choose another, `daybook mappings set --target harbour`")
    # Another mapping, another look.
    accounts = {**firm.mapping().accounts, "sales": firm.mapping().accounts["reimbursements"]}
    named = firm.mapping().model_copy(update={"accounts": accounts})
    save_mapping(firm.workspace, named, "mugs", "t", target="harbour")
    assert firm.connection("mugs").findings == []


def test_a_tax_code_that_the_organisation_lacks_is_on_the_card(firm: Firm) -> None:
    firm.save_suggested()
    codes = [{"treatment": "*", "code": "NOT-THERE"}]
    coded = MappingConfig.model_validate(firm.mapping().model_dump() | {"treatments": codes})
    save_mapping(firm.workspace, coded, "mugs", "t", target="harbour")
    problem = "treatments.0.code: the organisation has no tax code NOT-THERE"
    assert check_mappings(firm.workspace, firm.connection("harbour"))["mugs"] == [problem]
    assert firm.connection("mugs").findings[0].startswith(f"accounts: {problem}")


def test_a_copy_leaves_a_store_its_own_clearing(firm: Firm) -> None:
    firm.save_suggested()
    mugs, hats = firm.connection("mugs"), firm.connection("hats")
    own = MappingConfig(chart="organisation", accounts={"clearing": "51", "sales": "1"})
    save_mapping(firm.workspace, own, "hats", "t", target="harbour")
    made = copies(firm.workspace, mugs, [hats], "harbour")
    (copy,) = made
    changes = {change.field: change for change in copy.changes}
    assert "accounts.clearing" not in changes
    sales = changes["accounts.sales"]
    assert (sales.before, sales.after) == ("1", firm.mapping().accounts["sales"])
    saved = save_copies(firm.workspace, mugs, made, "harbour", "t")
    assert saved["hats"].version == 2
    assert firm.mapping("hats").accounts == {**firm.mapping().accounts, "clearing": "51"}
    (again,) = copies(firm.workspace, mugs, [hats], "harbour")
    assert again.changes == ()
    assert save_copies(firm.workspace, mugs, [again], "harbour", "t") == {}
