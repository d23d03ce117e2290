"""Shopify's export of payouts: read to the cent, or refused; and never beside its transactions."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.channels import channel
from connectors.database.registry import Registry
from connectors.documents.archives import source_files
from connectors.documents.ingest import open_parser
from connectors.documents.manifest import Manifest
from connectors.errors import BadInput, TotalsMismatch
from connectors.home.settings import Settings
from pipelines.stages.imports import import_file, open_connection
from tests.channels.examples import workbook
from tests.channels.house import House, total
from tests.channels.shopify_files import (
    EIGHTEEN,
    PAYOUTS,
    PAYOUTS_OF_TEN,
    Row,
    export,
    payout,
    row,
)

SHOPIFY = channel("shopify")
THIRD, FIFTH, NINTH = (date(2026, 3, day) for day in (3, 5, 9))
SOLD = payout(FIFTH, Charges="100.00", Refunds="-20.00", Fees="-3.20")
MORE = payout(NINTH, Charges="50.00", Marketplace_Sales_Tax="-4.00", Fees="-1.75")
WITHOUT_NUMBERS = tuple(c for c in EIGHTEEN if c != "Payout ID")


@pytest.fixture
def house(registry: Registry, tmp_path: Path) -> House:
    """A shop whose days are New York's."""
    home = tmp_path / "home"
    return House.build(registry, home, channel="shopify", timezone="America/New_York")


def examined(folder: Path, files: Sequence[str | bytes]) -> list[Manifest]:
    """What each file says, read on one table."""
    path = folder / "payouts_export.csv"
    results: list[Manifest] = []
    desk = Settings(home=folder / "home", database_url=None, threads=1)
    with open_parser(desk) as table:
        for content in files:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            for source_file in source_files(path):
                results.append(
                    table.parse(
                        SHOPIFY, source_file, connection="store", time_zone="America/New_York"
                    )
                )
    return results


def test_a_payout_is_a_settlement_of_its_day(house: House) -> None:
    manifest = house.take(export([MORE, SOLD], PAYOUTS)).manifest
    assert (manifest.declared, manifest.total) == (Decimal("121.05"), Decimal("121.05"))
    assert {day: t.paid for day, t in manifest.days.items()} == {
        FIFTH: Decimal("76.80"),
        NINTH: Decimal("44.25"),
    }
    house.run()
    assert {(p.settlement_id, p.declared, p.paid, p.state) for p in house.prove()} == {
        ("shopify-2026-03-05-USD", Decimal("76.80"), Decimal("76.80"), "tied"),
        ("shopify-2026-03-09-USD", Decimal("44.25"), Decimal("44.25"), "tied"),
    }
    assert {r["business_date"] for r in house.rows()} == {FIFTH, NINTH}
    assert total(house.rows(), category="sales.principal") == Decimal("146.00")


def test_a_saved_spreadsheet_and_every_encoding_say_the_same(house: House, tmp_path: Path) -> None:
    rows = [{**SOLD, "Bank Reference": "Müller"}, MORE]
    text = export(rows, PAYOUTS)
    saved = [
        [datetime.fromisoformat(r["Payout Date"]), r["Status"]]
        + [float(r[c]) for c in PAYOUTS[2:-2]]
        + [r["Currency"], r["Bank Reference"]]
        for r in rows
    ]
    sheet = workbook([PAYOUTS, *saved])
    plain, *others = examined(
        tmp_path,
        [
            text,
            text.replace("\n", "\r\n").encode("utf-8-sig"),
            text.encode("utf-16"),
            text.encode("cp1252"),
            sheet,
        ],
    )
    for other in others:
        assert (other.days, other.source_types) == (plain.days, plain.source_types)
        assert other.settlements == plain.settlements
    house.take(sheet, "payouts.xlsx")
    assert not house.run().failed
    assert {r["description"] for r in house.rows() if r["business_date"] == FIFTH} == {
        "Müller",
        "Payout shopify-2026-03-05-USD",
    }
    assert all(proof.ok for proof in house.prove())


def test_what_no_payout_can_be_is_refused_in_a_line(tmp_path: Path) -> None:
    text = export([SOLD, MORE], PAYOUTS)
    header = text.partition("\n")[0]
    spoilt = {
        header: "header and no rows",
        text.replace("Fees", "Costs", 1): "column 'Fees' is missing",
        text.replace("Advances", "Total", 1): "column 'Total' occurs twice",
        text[: text.rfind("USD") + 1]: "its last line has no end",
        text.replace("2026-03-09", ""): "row 2 is incomplete",
        text.replace("2026-03-09", "9 March"): "'9 March' is not a date that can be read",
        text.replace("50.00", "9" * 20): "is not an amount",
        text.replace("USD", "CAD", 1): "holds 2 currencies (CAD, USD); export the payouts of one",
        export([payout(FIFTH)], PAYOUTS): "no payout of it has an amount",
    }
    for content, refusal in spoilt.items():
        with pytest.raises(BadInput) as refused:
            examined(tmp_path, [content])
        message = str(refused.value)
        assert message.startswith("payouts_export.csv: ")
        assert refusal in message
        assert "\n" not in message
    assert not (tmp_path / "home" / "quarantine").exists()


@pytest.mark.parametrize("columns", [PAYOUTS_OF_TEN, PAYOUTS])
def test_a_row_whose_parts_do_not_make_its_total_is_put_aside(
    tmp_path: Path, columns: tuple[str, ...]
) -> None:
    wrong = payout(NINTH, Charges="50.00", Fees="-1.75", Total="48.26")
    with pytest.raises(TotalsMismatch, match=r"row 2: its parts make 48.2500 but Total is 48.2600"):
        examined(tmp_path, [export([SOLD, wrong], columns)])
    (quarantined,) = (tmp_path / "home" / "quarantine").glob("*.csv")
    assert quarantined.read_text() == export([SOLD, wrong], columns)
    nothing = payout(NINTH, Total="0.01")
    with pytest.raises(TotalsMismatch, match=r"row 1: its parts make 0.0000 but Total is 0.0100"):
        examined(tmp_path, [export([nothing, SOLD], columns)])


def test_what_has_left_closes_its_settlement(tmp_path: Path) -> None:
    statuses = ["paid", "FAILED", "canceled", "scheduled", "in_transit", "pending"]
    rows = [payout(date(2026, 3, n + 1), s, Charges="10.00") for n, s in enumerate(statuses)]
    # Two payouts of a day are one settlement, which has left when both have.
    rows += [payout(NINTH, "paid", Charges="10.00"), payout(NINTH, "pending", Charges="5.00")]
    rows += [payout(THIRD, "paid", Charges="2.00"), payout(date(2026, 3, 20), "paid")]
    (manifest,) = examined(tmp_path, [export(rows, PAYOUTS)])
    paid = {s.settlement_id[16:18]: s.payout for s in manifest.settlements}
    assert paid == {
        "01": 10, "02": 10, "03": 12, "04": None, "05": 10, "06": None, "09": None,
    }  # fmt: skip
    assert manifest.rows_without_amount == 1


def test_the_same_months_again_say_what_has_been_paid_since(house: House) -> None:
    first = house.take(export([{**MORE, "Status": "pending"}, SOLD], PAYOUTS)).manifest
    house.run()
    assert [p.state for p in house.prove()] == ["tied", "open"]
    again = house.take(export([MORE, SOLD], PAYOUTS)).manifest
    assert (again.statement, again.supersedes) == ("payouts:2026-03-USD", first.document)
    house.run()
    assert [p.state for p in house.prove()] == ["tied", "tied"]
    later = [payout(date(2026, 5, 4), Charges="1.00"), MORE]
    assert house.take(export(later, PAYOUTS)).manifest.statement == "payouts:2026-03..2026-05-USD"


def _sale(paid_on: date, status: str = "paid") -> Row:
    at = "2026-03-02 10:00:00 -0500"
    return row("charge", "100.00", at=at, payout="7001", paid_on=paid_on, status=status)


def test_payouts_are_told_by_one_kind_of_file(house: House, tmp_path: Path) -> None:
    target = open_connection(house.workspace, SHOPIFY, house.slug, timezone=None, name=None)

    def take(name: str, text: str) -> None:
        path = tmp_path / name
        path.write_text(text)
        assert [taken.new for taken in import_file(house.workspace, SHOPIFY, target, path)]

    take("sums.csv", export([SOLD], PAYOUTS))
    refusal = (
        "sales.csv: has or waits for transactions of the payouts of 2026-03-05 to 2026-03-05, "
        "which sums.csv holds as sums: transactions say more"
    )
    for columns in (EIGHTEEN, WITHOUT_NUMBERS):
        for status in ("paid", "scheduled", "pending"):
            with pytest.raises(BadInput, match=refusal):
                take("sales.csv", export([_sale(FIFTH, status)], columns))
    take("other.csv", export([_sale(THIRD)], EIGHTEEN))
    refusal = "whose transactions other.csv has or waits for: keep that file, which says more"
    with pytest.raises(BadInput, match=rf"payouts of {THIRD} to {THIRD}, {refusal}"):
        take("all.csv", export([payout(THIRD, Charges="100.00"), SOLD], PAYOUTS))
    take("euro.csv", export([payout(THIRD, currency="EUR", Charges="1.00")], PAYOUTS))
    assert len(house.workspace.lake.effective_documents(house.slug)) == 3


def test_both_exports_give_a_payout_the_same_name(tmp_path: Path) -> None:
    manifest = examined(
        tmp_path,
        [export([SOLD], PAYOUTS_OF_TEN), export([_sale(FIFTH)], WITHOUT_NUMBERS)],
    )
    assert [s.settlement_id for m in manifest for s in m.settlements] == [
        "shopify-2026-03-05-USD"
    ] * 2
