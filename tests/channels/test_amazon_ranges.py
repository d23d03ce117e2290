"""Amazon's transaction reports in its languages: read to the cent, or refused."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.channels import CHANNELS
from connectors.channels.amazon import locales
from connectors.channels.amazon.stamps import amount, stamp
from connectors.database.registry import Registry
from connectors.documents.ingest import parse_file
from connectors.documents.source_file import SourceFile
from connectors.errors import BadInput, TotalsMismatch
from connectors.home.settings import Settings
from mappings.channels import classify
from tests.channels.house import House, total
from tests.channels.range_files import AMERICA, FRANCE, GERMANY, INDIA, JAPAN, Site, report, row

SETTLEMENT = "26101112223"
CENTS = st.just(0) | st.integers(-100_000_000, 100_000_000)


@pytest.fixture
def house(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home")


def order(site: Site, at: str, kind: str = "Order", **more: str) -> dict[str, str]:
    """An item of 1,234 or more and its commission."""
    cells = {"order": "114-1", "sku": "MUG", "quantity": "3", "a0": "1234", **more}
    selling = site.amounts.index(next(c for c in site.amounts if locales.columns([c]) == SELLING))
    return row(site, at, SETTLEMENT, kind, **{f"a{selling}": "-185"}, **cells)


SELLING = ("selling fees",)


@pytest.mark.parametrize(
    ("site", "at", "kinds"),
    [
        (AMERICA, "Mar 3, 2026 4:05:06 AM PST", ("Order", "Transfer")),
        (GERMANY, "03.03.2026 12:05:06 UTC", ("Bestellung", "Übertrag")),
        (FRANCE, "3 mars 2026 12:05:06 UTC", ("Commande", "Transfert")),
        (JAPAN, "2026/03/03 21:05:06 JST", ("注文", "振込み")),
    ],
)
def test_every_language_says_the_same(
    house: House, site: Site, at: str, kinds: tuple[str, str]
) -> None:
    paid = row(site, at, SETTLEMENT, kinds[1], **{f"a{len(site.amounts) - 1}": "-1049"})
    taken = house.take(report(site, [order(site, at, kinds[0]), paid]), "2026MarMonthly.csv")
    assert not house.run().failed
    lines = {r["source_type"]: r for r in house.rows()}
    assert {name: r["amount"] for name, r in lines.items()} == {
        "Order / product sales": Decimal(1234),
        "Order / selling fees": Decimal(-185),
        "settlement / payout": Decimal(-1049),
    }
    assert {r["currency"] for r in lines.values()} == {site.currency}
    assert {r["business_date"] for r in lines.values()} == {date(2026, 3, 3)}
    assert lines["Order / product sales"]["quantity"] == 3
    assert taken.manifest.statement == f"{site.marketplace} 2026-03 {site.currency}"
    (proof,) = house.prove()
    assert (proof.settlement_id, proof.paid, proof.state) == (SETTLEMENT, Decimal(1049), "tied")
    assert proof.why is None
    assert not house.held()


def test_deferred_rows_are_counted_and_left_out(house: House) -> None:
    at = "Mar 3, 2026 4:05:06 AM PST"
    held_back = order(AMERICA, at, status="Deferred")
    manifest = house.take(report(AMERICA, [order(AMERICA, at), held_back, held_back])).manifest
    assert (manifest.lines, manifest.total, manifest.rows_deferred) == (2, Decimal(1049), 2)
    house.run()
    assert total(house.rows()) == Decimal(1049)
    assert [p.state for p in house.prove()] == ["open"]


def test_a_settlement_over_two_months_is_one(house: House) -> None:
    first = order(AMERICA, "Mar 31, 2026 4:05:06 AM PDT")
    second = order(AMERICA, "Apr 1, 2026 4:05:06 AM PDT")
    paid = row(AMERICA, "Apr 3, 2026 4:05:06 AM PDT", SETTLEMENT, "Transfer", a14="-2098")
    house.take(report(AMERICA, [second, paid]))
    house.run()
    (alone,) = house.prove()
    assert alone.why is not None
    assert "1049.0000 USD more than the files hold" in alone.why
    house.take(report(AMERICA, [first]))
    house.run()
    (proof,) = house.prove()
    assert (proof.raw, proof.normalised, proof.paid) == (2098, 2098, 2098)
    assert (proof.state, proof.why) == ("tied", None)


def test_a_payout_that_the_bank_returned_is_owed_again(house: House) -> None:
    at = "Mar 3, 2026 4:05:06 AM PST"
    paid, back, again = (
        row(AMERICA, at, SETTLEMENT, "Transfer", description="To account ending in: 1", a14=sum)
        for sum in ("-1049", "1049", "-1049")
    )
    house.take(report(AMERICA, [order(AMERICA, at), paid, back, again]))
    house.run()
    assert total(house.rows(), category="transfer.payout_failed") == Decimal(1049)
    assert total(house.rows()) == 0
    (proof,) = house.prove()
    assert (proof.raw, proof.paid, proof.state, proof.why) == (2098, 2098, "tied", None)


def test_the_whole_month_takes_the_place_of_its_first_half(house: House) -> None:
    rows = [order(AMERICA, f"Mar {day}, 2026 4:05:06 AM PST") for day in (3, 4)]
    first = house.take(report(AMERICA, rows[:1])).manifest
    whole = house.take(report(AMERICA, rows)).manifest
    assert (whole.statement, whole.supersedes) == (first.statement, first.document)
    other = house.take(report(AMERICA, [*rows, order(AMERICA, "Apr 1, 2026 4:05:06 AM PDT")]))
    assert other.manifest.statement == "amazon.com 2026-03-03..2026-04-01 USD"


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    site=st.sampled_from([AMERICA, GERMANY, FRANCE, INDIA]),
    cents=st.lists(st.lists(CENTS, min_size=12, max_size=12), min_size=1, max_size=6),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_amounts_come_back_to_the_cent(
    tmp_path: Path, site: Site, cents: list[list[int]], newline: str
) -> None:
    amounts = [[Decimal(c) / 100 for c in found] for found in cents]
    rows = [
        row(site, "2026-03-03 12:05:06 UTC", SETTLEMENT, "Order", order="1", **named(found))
        for found in amounts
    ]
    desk = Settings(home=tmp_path, database_url=None, threads=1)
    source_file = SourceFile("report.csv", report(site, rows, newline).encode())
    manifest = parse_file(
        desk, CHANNELS["amazon"], source_file, connection="store", time_zone="UTC"
    )
    assert manifest.total == sum(sum(found) for found in amounts)
    assert manifest.lines == sum(1 for found in amounts for a in found if a)
    assert manifest.rows_without_amount == sum(1 for found in amounts if not any(found))


def named(amounts: list[Decimal]) -> dict[str, str]:
    return {f"a{i}": f"{value:f}" for i, value in enumerate(amounts)}


def test_rows_without_a_settlement_are_open(house: House) -> None:
    row_of_none = order(AMERICA, "Mar 3, 2026 4:05:06 AM PST") | {"settlement id": ""}
    house.take(report(AMERICA, [row_of_none]))
    house.run()
    assert {r["settlement_id"] for r in house.rows()} == {"open-USD"}


def test_a_column_nobody_knows_holds_its_days_under_its_own_name(house: House) -> None:
    columns = tuple("Moon Levy" if c == "gift wrap credits" else c for c in AMERICA.columns)
    site = Site(columns, "product sales", "USD", "amazon.com")
    house.take(report(site, [order(site, "Mar 3, 2026 4:05:06 AM PST", a4="-7.00")]))
    house.run()
    assert total(house.rows(), category="unclassified") == Decimal("-7.00")
    assert "moon levy" in next(iter(house.held().values()))


def test_a_report_without_its_definitions_takes_the_currency_of_its_site(house: House) -> None:
    text = report(GERMANY, [order(GERMANY, "03.03.2026 12:05:06 UTC", "Bestellung")])
    manifest = house.take(text[text.index('"Datum') :]).manifest
    assert manifest.currency == "EUR"
    nowhere = report(AMERICA, [order(AMERICA, "Mar 3, 2026 4:05:06 AM PST") | {"marketplace": ""}])
    with pytest.raises(BadInput, match="names no currency"):
        house.take(nowhere[nowhere.index('"date/time') :])


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"1,049.00"', '"1,049.10"', "row 1: its amounts make 1049.0000 but total is 1049.1000"),
        ('"product sales"', '"sales of products"', "'product sales' is missing"),
        ('"sku"', '"description"', "'description' occurs twice"),
        ('"1,234.00"', '"1234 and more"', "is not an amount"),
        ("Mar 3, 2026", "Mrz 3 2026 or so", "is not a date"),
        ("AM PST", "AM XYZ", "time zone 'XYZ'"),
        (f'"{SETTLEMENT}","Order"', '"","Transfer"', "row 1 pays out no settlement"),
        ('"Released",""\n', '"Released\n', "the file is cut off or damaged"),
    ],
)
def test_a_report_that_is_not_whole_is_refused(
    house: House, before: str, after: str, message: str
) -> None:
    text = report(AMERICA, [order(AMERICA, "Mar 3, 2026 4:05:06 AM PST")])
    assert before in text
    with pytest.raises(BadInput) as refused:
        house.take(text.replace(before, after), "report.csv")
    assert message in str(refused.value)
    assert isinstance(refused.value, TotalsMismatch) is ("amounts make" in message)
    assert house.workspace.lake.manifests(house.slug) == []


def test_a_header_and_no_rows_is_refused(house: House) -> None:
    with pytest.raises(BadInput, match="header and no rows"):
        house.take(report(AMERICA, []))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Dec 1, 2017 12:38:23 AM PST", "2017-12-01 00:38:23 PST"),
        ("15 Mar 2026 3:22:08 PM UTC", "2026-03-15 15:22:08 UTC"),
        ("1 janv. 2022 00:25:27 UTC", "2022-01-01 00:25:27 UTC"),
        ("1 déc. 2025 10:00:00 GMT+01:00", "2025-12-01 10:00:00 +01:00"),
        ("Jan. 1, 2022 12:38:23 p.m. PST", "2022-01-01 12:38:23 PST"),
        ("5 sept. 2026 1:05:07 p. m. GMT-7", "2026-09-05 13:05:07 -07:00"),
        ("1.3.2026 00:12:33 UTC", "2026-03-01 00:12:33 UTC"),
        ("2022/01/01 0:25:27 JST", "2022-01-01 00:25:27 JST"),
        ("1 sty 2022 00:25:27 UTC", "2022-01-01 00:25:27 UTC"),
        ("3/14/2026 1:02 PM", "03/14/2026 13:02:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_instants_of_every_language_have_one_form(written: str, read: str) -> None:
    with duckdb.connect() as con:
        assert con.execute(f"SELECT {stamp('$1')}", [written]).fetchone() == (read,)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("-1,052.64", "-1,052.64"),
        ("1\u202f052,64", "1052,64"),
        ("1,44,957.78", "144957.78"),
        ("(55.00)", "-55.00"),
        ("\u22123,00 €", "-3,00"),
        (" ", None),
    ],
)
def test_amounts_lose_what_is_no_part_of_them(written: str, read: str | None) -> None:
    with duckdb.connect() as con:
        assert con.execute(f"SELECT {amount('$1')}", [written]).fetchone() == (read,)


def test_every_column_of_orders_and_refunds_has_its_place() -> None:
    kinds = ("Order", "Refund", "Chargeback Refund", "A-to-z Guarantee Claim")
    words = [f"{kind} / {column}" for kind in kinds for column in locales.MONEY - {"other"}]
    words += [
        f"{kind} / {column}"
        for kind in ("Order_Retrocharge", "Refund_Retrocharge")
        for column in locales.MONEY
        if "tax" in column
    ]
    words += [
        "Service Fee / other transaction fees / Cost of Advertising",
        "FBA Inventory Fee / other / FBA Removal Order: Disposal Fee",
        "FBA Customer Return Fee / fba fees / Mug, blue",
        "Fee Adjustment / other / Fee Adjustment - Weight and Dimension Change",
        "Liquidations / product sales / Mug, blue",
        "Deal Fee / other / Spring Deal",
    ]
    assert [c.source_type for c in classify("amazon", words) if c.category == "unclassified"] == []
