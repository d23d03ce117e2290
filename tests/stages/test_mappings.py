"""Mappings: what holds on a day, and what is booked elsewhere by where and what was sold."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from connectors.database.registry import Registry
from mappings.journal.config import MappingConfig
from pipelines.stages.explanation import behind, sources
from pipelines.stages.journals import read_entries
from pipelines.stages.mapping import mappings_in_effect
from sandbox.amazon_files import Line, order, report
from tests.channels.house import House

DAY = date(2026, 3, 2)
SALES = "sales.principal"


def amounts(
    house: House, day: date, category: str = SALES
) -> dict[tuple[str, str | None], Decimal]:
    """What stands on each account and tax code of a category on a day."""
    accounts: dict[tuple[str, str | None], Decimal] = {}
    for row in house.rows("journal_lines"):
        if row["business_date"] == day and row["category"] == category:
            accounts[row["account"], row["tax_code"]] = row["amount"]
    return accounts


def sold(order_id: str, at: str, sku: str, price: str) -> list[Line]:
    return [{**row, "sku": sku} for row in order(order_id, at=at, price=price)]


@pytest.fixture
def shop(empty: House) -> House:
    """Three mugs and a hat, sold on one day, on two sites, shipped by two."""
    at = f"{DAY} 08:00:00 UTC"
    lines = [
        *sold("111-0000001-0000001", at, "MUG-BLUE", "10.00"),
        *sold("111-0000002-0000002", at, "MUG-RED", "20.00"),
        *sold("111-0000003-0000003", at, "HAT", "40.00"),
    ]
    for row in lines[: len(lines) // 3]:
        row |= {"marketplace-name": "Amazon.ca", "fulfillment-id": "MFN"}
    empty.take(
        report(
            lines,
            start="2026-03-01 12:00:00 UTC",
            end="2026-03-15 12:00:00 UTC",
            deposit="2026-03-18 12:00:00 UTC",
        )
    )
    empty.normalise()
    return empty


def test_the_first_override_that_fits_a_line_decides(shop: House) -> None:
    shop.mapping = MappingConfig.model_validate(
        {
            "tax_codes": {SALES: "STANDARD"},
            "overrides": [
                {
                    "when": {"categories": ["sales.*"], "marketplaces": ["AMAZON.CA"]},
                    "account": "Income:Canada:{connection}",
                },
                {"when": {"categories": [SALES], "skus": ["MUG-*"]}, "account": "Income:Mugs"},
                {"when": {"skus": ["HAT"]}, "tax_code": "ZERO"},
            ],
        }
    )
    built = shop.journal()
    assert not built.failed
    assert amounts(shop, DAY) == {
        ("Income:Canada:Store", "STANDARD"): Decimal("-10.00"),
        ("Income:Mugs", "STANDARD"): Decimal("-20.00"),
        ("Income:Sales:Store", "ZERO"): Decimal("-40.00"),
    }


def test_an_override_by_fulfilment(shop: House) -> None:
    shop.mapping = MappingConfig.model_validate(
        {"overrides": [{"when": {"fulfilment": ["mfn"]}, "account": "Income:Own-Shipping"}]}
    )
    shop.journal()
    assert amounts(shop, DAY) == {
        ("Income:Own-Shipping", None): Decimal("-10.00"),
        ("Income:Sales:Store", None): Decimal("-60.00"),
    }


def test_every_line_is_explained_though_its_category_is_split(shop: House) -> None:
    mapping = MappingConfig.model_validate(
        {"overrides": [{"when": {"skus": ["MUG-BLUE", "HAT"]}, "account": "Income:Others"}]}
    )
    shop.workspace.registry.mappings.save(
        mapping.model_dump(mode="json"), mapping.digest, "store", actor="test"
    )
    shop.journal()
    (entry,) = read_entries(shop.workspace, "store", [DAY], {})
    rows = sources(shop.workspace, shop.connection, DAY)
    for line in entry.lines:
        owed = sum(source.amount for source in behind(line, entry, rows))
        assert owed == (line.amount if line.category == "clearing" else -line.amount)


def test_a_mapping_holds_from_its_day_on(empty: House) -> None:
    days = [date(2026, 3, 2), date(2026, 3, 9)]
    lines = [
        line
        for n, day in enumerate(days)
        for line in order(f"111-000000{n}-0000001", at=f"{day} 08:00:00 UTC")
    ]
    empty.take(
        report(
            lines,
            start="2026-03-01 12:00:00 UTC",
            end="2026-03-15 12:00:00 UTC",
            deposit="2026-03-18 12:00:00 UTC",
        )
    )
    empty.normalise()
    later = MappingConfig(accounts={"sales": "Income:Later"})
    empty.workspace.registry.mappings.save(
        later.model_dump(mode="json"),
        later.digest,
        "store",
        actor="test",
        effective_from=date(2026, 3, 9),
        reason="a new line of business",
    )
    empty.journal()
    assert [account for account, _ in amounts(empty, days[0])] == ["Income:Sales:Store"]
    assert [account for account, _ in amounts(empty, days[1])] == ["Income:Later"]


def test_the_newest_version_of_a_day_holds(registry: Registry) -> None:
    registry.connections.add("store", channel="amazon", name="S", timezone="UTC", actor="test")

    def saved(account: str, connection: str | None, since: date | None) -> None:
        config = MappingConfig(accounts={"sales": account})
        registry.mappings.save(
            config.model_dump(mode="json"),
            config.digest,
            connection,
            actor="test",
            effective_from=since,
        )

    saved("Income:Default", None, None)
    saved("Income:March", "store", date(2026, 3, 1))
    saved("Income:May", "store", date(2026, 5, 1))
    saved("Income:April", "store", date(2026, 4, 1))
    days = [date(2026, month, 1) for month in (2, 3, 4, 5)]
    accounts = {
        day: config.accounts["sales"]
        for config, chosen in mappings_in_effect(registry, "store", days)
        for day in chosen
    }
    # What is saved last replaces what was saved before, from its day on.
    assert list(accounts.values()) == [
        "Income:Default",
        "Income:March",
        "Income:April",
        "Income:April",
    ]


def test_an_organisation_without_an_account_holds_the_entry(shop: House) -> None:
    shop.mapping = MappingConfig(chart="organisation", accounts={"clearing": "1100"})
    ((entry,),) = (entries for day, entries in shop.journal().days.items() if day == DAY)
    assert entry.held_reason is not None
    assert entry.held_reason.startswith("no account for fee_referral, sales")


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"overrides": [{"when": {"skus": ["A"]}}]}, "names an account, a tax code or both"),
        ({"overrides": [{"when": {}, "account": "Income:A"}]}, "an override of every line"),
        (
            {"overrides": [{"when": {"categories": ["nothing.*"]}, "account": "Income:A"}]},
            "no category is called 'nothing.*'",
        ),
        (
            {"overrides": [{"when": {"skus": ["A"]}, "account": "sales"}]},
            "overrides.0.account: 'sales' is not an account",
        ),
        ({"overrides": [{"when": {"countries": ["Germany"]}, "account": "Income:A"}]}, "pattern"),
        (
            {"chart": "organisation", "source_types": {"amazon": {"A": "fee.other"}}},
            "source_types are named in the mapping for the books",
        ),
    ],
)
def test_a_bad_override_is_refused_by_name(document: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem.replace("*", r"\*")):
        MappingConfig.model_validate(document)
