"""Treatments of tax: a golden case each, and the exact division of what prices contain."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.database.registry import Connection
from connectors.rates import ExchangeRate
from mappings.journal.config import MappingConfig
from mappings.journal.tax.profile import TaxProfile
from mappings.journal.tax.rules import treatments
from mappings.tables import TRANSACTIONS
from pipelines.stages.entry_lines import load_by_day
from pipelines.stages.explanation import behind, sources
from pipelines.stages.journal_tables import write_journal
from pipelines.stages.journals import read_entries
from pipelines.stages.tax_consignments import TaxSources
from pipelines.stages.tax_profiles import change_tax_profile
from sandbox.amazon_files import order, report
from tests.channels.house import House

DAY = date(2026, 3, 2)
CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("tax_treatments.yaml").read_text()
)


def store(
    channel: str, profile: dict[str, Any] | None, account: dict[str, Any] | None = None
) -> Connection:
    document = profile and TaxProfile.model_validate(profile).document()
    return Connection(
        slug="store",
        channel=channel,
        name="Store",
        timezone="UTC",
        kind="file",
        state="active",
        account_id=None,
        account=account or {},
        fields={},
        reason=None,
        setup={"tax": document},
        deadlines=[],
        findings=[],
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def row(number: int, text: str, currency: str) -> dict[str, Any]:
    """A transaction of `category amount [from-to[.region]] [site] [order] [sku] [buyer]`.

    A hyphen is what the channel does not say.
    """
    category, amount, *more = text.split()
    ways = (more or ["-"])[0]
    site, order, sku, buyer = (None if m == "-" else m for m in (*more[1:], *"----")[:4])
    start, _, place = ways.partition("-")
    end, _, region = place.partition(".")
    collected = {"tax.seller_collected": "seller"}
    collected |= dict.fromkeys(("tax.facilitator_in", "tax.facilitator_out"), "marketplace")
    return {
        **dict.fromkeys(TRANSACTIONS.names),
        **{"connection": "store", "channel": "amazon", "transaction_id": str(number)},
        **{"settlement_id": "1", "business_date": DAY, "category": category, "currency": currency},
        **{"source_type": category, "amount": Decimal(amount), "marketplace": site, "sku": sku},
        **{"order_id": order, "ship_from": start or None, "ship_to": end or None},
        "tax_collected_by": collected.get(category, "none"),
        "ship_to_region": region.replace("_", " ") or None,
        "buyer_tax_number": buyer,
        "row": number,
    }


def journal(
    connection: Connection,
    mapping: MappingConfig,
    rows: Sequence[dict[str, Any]],
    earlier: Sequence[dict[str, Any]] = (),
    rates: Sequence[ExchangeRate] = (),
) -> list[dict[str, Any]]:
    """The lines of the day's entry; `earlier` are lines of days before it."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(f'"{c.name}" {c.type}' for c in TRANSACTIONS.columns)
        marks = ", ".join("?" for _ in TRANSACTIONS.names)
        for table, lines in (("lines_of_the_day", rows), ("lines_before", earlier)):
            con.execute(f"CREATE TABLE {table} ({columns})")
            if lines:
                values = [list(each.values()) for each in lines]
                con.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        load_by_day(con, "FROM lines_of_the_day")
        sources = TaxSources(lambda *_: "lines_before", lambda *_: rates)
        write_journal(con, connection, mapping, sources)
        cursor = con.execute("SELECT * FROM journal ORDER BY line")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def described(line: dict[str, Any], coin: Decimal) -> str:
    rate = "-" if line["tax_rate"] is None else f"{line['tax_rate'].normalize():f}"
    place = "-".join(filter(None, (line["tax_country"], line["tax_region"])))
    facts = (line["category"], line["tax_treatment"], place or "-", rate)
    return f"{' '.join(facts)} {line['amount'].quantize(coin)}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_treatment_books_as_its_case_says(case: dict[str, Any]) -> None:
    currency = case.get("currency", "EUR")
    rows = [row(number, text, currency) for number, text in enumerate(case["lines"])]
    connection = store(case.get("channel", "amazon"), case["profile"], case.get("account"))
    before = [
        row(number, text, currency) | {"business_date": DAY - timedelta(days=9)}
        for number, text in enumerate(case.get("before", ()))
    ]
    rates = [ExchangeRate(DAY, *rate[:2], Decimal(rate[2])) for rate in case.get("rates", ())]
    lines = journal(connection, MappingConfig(), rows, before, rates)
    assert sum(line["amount"] for line in lines) == 0
    assert {line["held_reason"] for line in lines} == {case.get("held")}
    if "entry" in case:
        coin = Decimal(1) if currency == "JPY" else Decimal("0.01")
        booked = [described(line, coin) for line in lines if line["category"] != "clearing"]
        assert sorted(booked) == sorted(case["entry"])


def test_every_treatment_has_a_case() -> None:
    booked = {entry.split()[1] for case in CASES for entry in case.get("entry", ())}
    assert booked == treatments()


AMOUNTS = st.decimals(Decimal("-9999.99"), Decimal("9999.99"), places=2).filter(bool)
DAYS = st.lists(st.lists(AMOUNTS, min_size=1, max_size=6), min_size=20, max_size=20)


@settings(max_examples=6, deadline=None)
@given(DAYS, st.decimals(Decimal("0.5"), Decimal("27"), places=1))
def test_what_prices_contain_is_divided_exactly(days: list[list[Decimal]], rate: Decimal) -> None:
    # One override an amount: each is a line of its own, with a share of its own.
    when = [{"when": {"skus": [f"S{n}"]}, "account": f"Income:S{n}"} for n in range(6)]
    profile = {
        "country": "CH",
        "registrations": [{"country": "CH", "scheme": "vat"}],
        "rates": [{"country": "CH", "class": "standard", "from": "2026-01-01", "rate": str(rate)}],
    }
    rows = [
        row(place, f"sales.principal {amount} CH-CH Amazon.ch A{number} S{number}", "EUR")
        | {"business_date": DAY + timedelta(days=place), "transaction_id": f"{place}.{number}"}
        for place, amounts in enumerate(days)
        for number, amount in enumerate(amounts)
    ]
    mapping = MappingConfig.model_validate({"overrides": when})
    lines = journal(store("amazon", profile), mapping, rows)
    assert sum(line["amount"] for line in lines) == 0
    for place, amounts in enumerate(days):
        entry = [line for line in lines if line["business_date"] == DAY + timedelta(days=place)]
        check_division(entry, amounts, Fraction(rate))


def check_division(entry: list[dict[str, Any]], amounts: list[Decimal], rate: Fraction) -> None:
    """The tax is rounded once, half a cent away from zero, and no share is a cent off."""
    net = {line["account"]: -line["amount"] for line in entry if "Income:S" in line["account"]}
    tax = -sum(line["amount"] for line in entry if line["category"] == "tax.contained")
    exact = [Fraction(amount) * rate / (100 + rate) for amount in amounts]
    total = sum(exact) * 100
    cents = int(abs(total) + Fraction(1, 2)) * (1 if total >= 0 else -1)
    assert tax == Decimal(cents) / 100
    shares = [amount - net.get(f"Income:S{n}", Decimal(0)) for n, amount in enumerate(amounts)]
    assert sum(shares) == tax
    off = [abs(Fraction(share) - part) for share, part in zip(shares, exact, strict=True)]
    assert max(off) < Fraction(1, 100)


PROFILE = {
    "country": "GB",
    "registrations": [{"country": "GB", "scheme": "vat", "from": "2026-03-01"}],
    "stock": [{"country": "GB"}],
    "assume_domestic": True,
    "fees": "reverse_charge",
}


@pytest.fixture
def shop(empty: House) -> House:
    """Of a British seller, two mugs and a book sold on two days, with the marketplace's fees."""
    lines = [
        *order("111-0000001-0000001", at=f"{DAY} 08:00:00 UTC", price="20.00", fee="-3.01"),
        *order("111-0000002-0000002", at=f"{DAY} 09:00:00 UTC", price="9.99", fee="-1.49"),
        *order("111-0000003-0000003", at="2026-03-09 08:00:00 UTC", price="7.50", fee="-1.00"),
    ]
    for line in lines:
        line["marketplace-name"] = "Amazon.co.uk"
    empty.take(
        report(
            lines,
            currency="GBP",
            start="2026-03-01 12:00:00 UTC",
            end="2026-03-15 12:00:00 UTC",
            deposit="2026-03-18 12:00:00 UTC",
        )
    )
    empty.normalise()
    return empty


def change(house: House, profile: dict[str, Any] | None) -> int:
    """Change the profile, and see the connection as the next run does."""
    model = profile and TaxProfile.model_validate(profile)
    days = change_tax_profile(house.workspace, house.slug, model or None, "test")
    house.connection = house.workspace.registry.connections.get(house.slug)
    return days


def test_a_profile_splits_entries_and_without_it_they_are_as_before(shop: House) -> None:
    shop.journal()
    before = shop.files()
    assert change(shop, PROFILE) == 16
    assert change(shop, PROFILE) == 0
    shop.run()
    assert not shop.held()
    shop.check_books()
    assert all(proof.difference == 0 for proof in shop.prove())
    (entry,) = read_entries(shop.workspace, "store", [DAY], {})
    amounts = {
        (line.category, line.account): line.amount
        for line in entry.lines
        if line.category.startswith("tax.")
    }
    # 29.99 x 20/120 is 4.998, and 4.50 x 20 % is 0.90.
    assert amounts == {
        ("tax.contained", "Liabilities:Tax:Output"): Decimal("-5.00"),
        ("tax.self_accounted", "Liabilities:Tax:Output"): Decimal("-0.90"),
        ("tax.self_deducted", "Assets:Tax:Input"): Decimal("0.90"),
    }
    assert "  source-rows: 4\n" in shop.books()
    assert '    category: "tax.contained"\n    tax: "uk.standard GB 20 %"\n' in shop.books()
    rows = sources(shop.workspace, shop.connection, DAY)
    behind_tax = {
        line.category: sorted(source.amount for source in behind(line, entry, rows))
        for line in entry.lines
        if line.category != "clearing"
    }
    prices, fees = [Decimal("9.99"), Decimal("20.00")], [Decimal("-3.01"), Decimal("-1.49")]
    assert behind_tax == {
        "sales.principal": prices,
        "tax.contained": prices,
        **dict.fromkeys(("fee.referral", "tax.self_accounted", "tax.self_deducted"), fees),
    }
    assert change(shop, None) == 16
    shop.normalise()
    shop.journal()
    assert shop.files() == before


def test_an_entry_waits_while_its_tax_is_not_decided(shop: House) -> None:
    change(shop, PROFILE | {"assume_domestic": False})
    shop.run()
    reasons = set(shop.held().values())
    assert len(reasons) == 2
    # Lines of an earlier release say neither state nor buyer.
    path = shop.workspace.lake.partition("transactions", "store", DAY)
    pq.write_table(pq.read_table(path).drop_columns(["ship_to_region", "buyer_tax_number"]), path)
    assert not shop.journal().failed
    assert set(shop.held().values()) == reasons
    assert all("the country that goods went to is not stated" in reason for reason in reasons)
