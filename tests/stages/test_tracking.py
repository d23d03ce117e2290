"""Tracking: lines by category, class and location, as mappings assign and programs take them."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.accounting.difference import difference
from connectors.accounting.files.templates import templates
from connectors.database.registry import Connection
from connectors.errors import ConfigError, Permanent
from mappings.journal.config import MappingConfig
from mappings.model import CLEARING, JournalEntry
from pipelines.stages.dimensions import tracking_of
from pipelines.stages.mapping_checks import check_mappings
from pipelines.stages.organisations import (
    entries_for,
    open_organisation,
    plan_for_organisation,
)
from pipelines.stages.posted_documents import content_of, entry_of
from sandbox.amazon_files import Line, order, report
from sandbox.limits import CLOCK
from tests.channels.house import House
from tests.stages.organisation_books import ACCOUNTS, FIRST_DAY, Books, books

__all__ = ["books"]

DAY = date(2026, 3, 2)
SALES = "sales.principal"
# What each program calls its dimensions, with a value that is there and one that is archived.
NAMES = {"xero": ("Region", "Store"), "quickbooks": ("class", "location")}
THERE = {"xero": ("North", "South"), "quickbooks": ("Online", "Wholesale")}


def sold(order_id: str, sku: str, price: str, site: str) -> list[Line]:
    lines = order(order_id, at=f"{DAY} 08:00:00 UTC", price=price)
    return [{**row, "sku": sku, "marketplace-name": site} for row in lines]


@pytest.fixture
def shop(empty: House) -> House:
    """Two mugs and a hat, sold on one day on two sites."""
    lines = [
        *sold("111-0000001-0000001", "MUG-BLUE", "10.00", "Amazon.co.uk"),
        *sold("111-0000002-0000002", "MUG-RED", "20.00", "Amazon.de"),
        *sold("111-0000003-0000003", "HAT", "40.00", "Amazon.de"),
    ]
    period = {"start": "2026-03-01 12:00:00 UTC", "end": "2026-03-15 12:00:00 UTC"}
    empty.take(report(lines, **period, deposit="2026-03-18 12:00:00 UTC"))
    empty.normalise()
    return empty


def mapped(**more: Any) -> MappingConfig:
    accounts = dict.fromkeys(("clearing", "payouts"), "1100") | {
        "sales": "200",
        "fee_referral": "404",
    }
    return MappingConfig.model_validate({"chart": "organisation", "accounts": accounts, **more})


def entry_under(house: House, **more: Any) -> tuple[JournalEntry, str | None]:
    """The first day's entry for an organisation, and what holds it."""
    registry = house.workspace.registry
    slugs = [connection.slug for connection in registry.connections.list()]
    if "files" not in slugs:
        registry.connections.add("files", channel="files", name="F", timezone="UTC", actor="test")
    config = mapped(**more)
    registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target="files"
    )
    entries = entries_for(house.store, registry.connections.get("files"), [DAY], {})
    ((entry, reason),) = entries.items()
    return entry, reason


def sums(entry: JournalEntry) -> dict[tuple[str, tuple[tuple[str, str], ...]], Decimal]:
    totals: Counter[Any] = Counter()
    for line in entry.lines:
        totals[line.category, line.tracking] += line.amount
    return dict(totals)


def test_the_first_assignment_of_each_dimension_that_fits_a_line_decides(shop: House) -> None:
    tracking = [
        {"dimension": "Region", "value": "North", "when": {"skus": ["MUG-*"]}},
        {"dimension": "region", "value": "South", "when": {"categories": ["sales.*"]}},
        {"dimension": "Store", "value": "{connection} {channel} {marketplace}"},
    ]
    entry, _ = entry_under(shop, tracking=tracking)
    uk, germany = ("Store", "Store Amazon Amazon.co.uk"), ("Store", "Store Amazon Amazon.de")
    north, south = ("Region", "North"), ("Region", "South")
    assert sums(entry) == {
        (SALES, (north, uk)): Decimal("-10.00"),
        (SALES, (north, germany)): Decimal("-20.00"),
        (SALES, (south, germany)): Decimal("-40.00"),
        # Fees of mugs are the north's as well; no assignment fits those of hats but the store's.
        ("fee.referral", (north, uk)): Decimal("3.00"),
        ("fee.referral", (north, germany)): Decimal("3.00"),
        ("fee.referral", (germany,)): Decimal("3.00"),
        (CLEARING, ()): Decimal("61.00"),
    }


def test_balance_sheet_lines_are_tracked_only_where_they_are_named(shop: House) -> None:
    payout = date(2026, 3, 18)
    registry = shop.workspace.registry
    every = [{"dimension": "Region", "value": "North"}]
    entry_under(shop, tracking=every)
    files = registry.connections.get("files")
    (entry,) = entries_for(shop.store, files, [payout], {})
    assert {line.tracking for line in entry.lines} == {()}
    named = [{**every[0], "when": {"categories": ["transfer.payout"]}}]
    entry_under(shop, tracking=named)
    (entry,) = entries_for(shop.store, files, [payout], {})
    assert {(line.category, line.tracking) for line in entry.lines} == {
        ("transfer.payout", (("Region", "North"),)),
        (CLEARING, ()),
    }


def test_only_tracked_entries_have_another_hash(shop: House) -> None:
    plain, _ = entry_under(shop)
    elsewhere, _ = entry_under(
        shop, tracking=[{"dimension": "A", "value": "b", "when": {"skus": ["X"]}}]
    )
    tracked, _ = entry_under(shop, tracking=[{"dimension": "A", "value": "b"}])
    other, _ = entry_under(shop, tracking=[{"dimension": "A", "value": "c"}])
    assert plain.content_hash == elsewhere.content_hash
    assert len({plain.content_hash, tracked.content_hash, other.content_hash}) == 3


VALUES = st.sampled_from(["{marketplace}", "North", "{channel}"])
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "skus": st.sampled_from([["MUG-*"], ["HAT"]]),
        "marketplaces": st.just(["amazon.de"]),
        "categories": st.sampled_from([["sales.*"], ["fee.*", "transfer.*"]]),
    },
)
ASSIGNMENTS = st.lists(
    st.fixed_dictionaries(
        {"dimension": st.sampled_from(["A", "B"]), "value": VALUES, "when": CONDITIONS}
    ),
    max_size=4,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ASSIGNMENTS)
def test_tracking_divides_lines_and_loses_nothing(
    shop: House, assignments: list[dict[str, Any]]
) -> None:
    plain, _ = entry_under(shop)
    tracked, _ = entry_under(shop, tracking=assignments)

    def by_account(entry: JournalEntry) -> dict[tuple[str, str], tuple[Decimal, int]]:
        totals: dict[tuple[str, str], tuple[Decimal, int]] = {}
        for line in entry.lines:
            amount, count = totals.get((line.account, line.category), (Decimal(0), 0))
            key = line.account, line.category
            totals[key] = amount + line.amount, count + line.transactions
        return totals

    assert by_account(tracked) == by_account(plain)
    kinds = [(line.account, line.category, line.tracking) for line in tracked.lines]
    assert len(set(kinds)) == len(kinds)
    assert all(len(line.tracking) == len(dict(line.tracking)) for line in tracked.lines)


def test_an_entry_is_kept_with_its_tracking(shop: House) -> None:
    entry, _ = entry_under(shop, tracking=[{"dimension": "A", "value": "{marketplace}"}])
    stored = json.loads(json.dumps(content_of(entry)))
    assert entry_of(stored) == entry
    other, _ = entry_under(shop, tracking=[{"dimension": "A", "value": "b"}])
    moved = difference(entry, other)
    assert sum(line.amount for line in moved.lines) == 0
    assert {line.tracking for line in moved.lines} == {
        (("A", "b"),), (("A", "Amazon.de"),), (("A", "Amazon.co.uk"),)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"tracking": [{"dimension": "A", "value": "{store}"}]}, "'{store}' stands for nothing"),
        ({"tracking": [{"dimension": n, "value": "v"} for n in "abc"]}, "more than the 2 dim"),
        ({"chart": "books", "accounts": {}, "tracking": [{"dimension": "A", "value": "b"}]},
         "the books keep no dimensions"),
        ({"tracking": [{"dimension": "A", "value": "b", "when": {"categories": ["no.*"]}}]},
         "no category is called"),
    ],
)  # fmt: skip
def test_bad_tracking_is_refused_by_name(document: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        mapped(**document)


def assign(books: Books, *assignments: dict[str, Any]) -> Connection:
    """Save a mapping with tracking for the organisation, and plan what it changes."""
    config = MappingConfig.model_validate(
        {"chart": "organisation", "accounts": ACCOUNTS[books.name], "tracking": assignments}
    )
    workspace = books.house.workspace
    workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
    )
    days = workspace.lake.days("transactions", "store")
    plan_for_organisation(books.house.store, days)
    return workspace.registry.connections.get("harbour")


def tracked_there(books: Books) -> set[tuple[str, str]]:
    """Dimensions and values on lines of the first day's entry, there."""
    if books.name == "xero":
        (journal,) = (j for j in books.ledger.live if j["day"] == str(FIRST_DAY))
        lines = [each for line in journal["JournalLines"] for each in line.get("Tracking", ())]
        assert all(each["TrackingOptionID"] for each in lines)
        return {(each["Name"], each["Option"]) for each in lines}
    (entry,) = (e for e in books.ledger.live if e["TxnDate"] == str(FIRST_DAY))
    details = [line["JournalEntryLineDetail"] for line in entry["Line"]]
    members = {"ClassRef": "class", "DepartmentRef": "location"}
    return {
        (name, detail[member]["name"])
        for detail in details
        for member, name in members.items()
        if member in detail
    }


def test_tracking_arrives_is_known_again_and_changes_in_place(books: Books) -> None:
    first, second = NAMES[books.name]
    value, _ = THERE[books.name]
    organisation = assign(
        books,
        {"dimension": first.upper(), "value": value.lower(), "when": {"categories": ["sales.*"]}},
        {"dimension": second, "value": "{connection}"},
    )
    books.take(books.settlement())
    assert len(books.send().held) == 2
    workspace = books.house.workspace
    held, *_ = workspace.registry.publications.list("harbour", states=["held"])
    assert f"{second} has no value Store: make it there, or with `daybook mappings tracking" in (
        held.message or ""
    )
    assert tracking_of(workspace, organisation).missing == [(second, "Store")]
    made = tracking_of(workspace, organisation, create=True, actor="ann")
    assert made.missing == [(second, "Store")]
    assert tracking_of(workspace, organisation).missing == []
    assert [e.subject for e in workspace.registry.audit.list() if e.action == "tracking.created"]
    # An answer is lost: what stands there is looked for, and is what was sent.
    books.fault(*[None, "lost"] if books.name == "xero" else [None] * 7, "lost")
    for _ in range(4):
        books.send()
    assert books.states() == {"posted": 3}
    assert set(books.markers.values()) == {1}
    assert tracked_there(books) == {(first, value), (second, "Store")}
    references = {e.get("ManualJournalID", e.get("Id")) for e in books.ledger.live}
    assign(books, {"dimension": second, "value": "Store"})
    assert books.send().failed == {}
    assert tracked_there(books) == {(second, "Store")}
    assert {e.get("ManualJournalID", e.get("Id")) for e in books.ledger.live} == references


def test_what_somebody_tracked_otherwise_there_is_theirs(books: Books) -> None:
    first, _ = NAMES[books.name]
    assign(books, {"dimension": first, "value": THERE[books.name][0]})
    books.take(books.settlement())
    assert books.send().failed == {}
    if books.name == "xero":
        journal = next(j for j in books.ledger.live if j["day"] == str(FIRST_DAY))
        line = next(each for each in journal["JournalLines"] if "Tracking" in each)
        line["Tracking"] = []
    else:
        entry = next(e for e in books.ledger.live if e["TxnDate"] == str(FIRST_DAY))
        details = [line["JournalEntryLineDetail"] for line in entry["Line"]]
        del next(d for d in details if "ClassRef" in d)["ClassRef"]
    before = tracked_there(books)
    books.take(books.settlement("25.00"), "restated.txt")
    assert books.send().failed == {}
    assert len(books.ledger.live) == 4
    assert before


def test_the_tracking_of_a_mapping_is_checked_against_the_organisations_own(books: Books) -> None:
    first, second = NAMES[books.name]
    _, archived = THERE[books.name]
    if books.name == "xero":
        books.ledger.tracking["Region"]["Options"][1]["Status"] = "ARCHIVED"
    organisation = assign(
        books,
        {"dimension": first, "value": archived},
        {"dimension": "Shelf", "value": "1"},
        {"dimension": "Shelf", "value": "{channel}"},
        {"dimension": first, "value": "Elsewhere", "when": {"skus": ["X"]}},
    )
    workspace = books.house.workspace
    (problems,) = check_mappings(workspace, organisation).values()
    shown = [problem for problem in problems if problem.startswith("tracking.")]
    assert shown[0].startswith(f"tracking.0.value: {archived} of {first} is ")
    assert shown[1] == (
        f"tracking.1.dimension: the organisation has no dimension Shelf: choose {first}, {second}, "
        "or make it there"
    )
    assert shown[2].startswith("tracking.2.dimension: ")
    assert shown[3].startswith(f"tracking.3.value: {first} has no value Elsewhere: make it there")
    assert len(shown) == 4
    target = open_organisation(workspace, organisation)
    with pytest.raises(ConfigError, match="Shelf"):
        target.create_value("Shelf", "1")
    with pytest.raises(Permanent):
        target.create_value(first, archived)
    if books.name == "quickbooks":
        books.ledger.tracking.is_on["Class"] = False
        CLOCK.pass_by(60.0)
        (problems,) = check_mappings(workspace, organisation).values()
        assert problems[0].startswith("tracking.0.dimension: class is not tracked: turn that on in")


def test_files_have_a_column_or_refuse_in_words(shop: House) -> None:
    entry, _ = entry_under(shop, tracking=[{"dimension": "department", "value": "12"}])
    generic = templates()["generic"].render(entry, "Store", "x").decode().splitlines()
    assert generic[0].endswith(",Tracking")
    assert {row.rpartition(",")[2] for row in generic[1:]} == {"department: 12", ""}
    sage = templates()["sage"].render(entry, "Store", "x").decode().splitlines()
    assert {row.split(",")[3] for row in sage[1:]} == {"12", "0"}
    assert (templates()["sage"].dimensions, templates()["zoho"].dimensions) == (["department"], [])
    assert templates()["generic"].dimensions is None
