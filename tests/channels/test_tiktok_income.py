"""TikTok Shop's income exports: workbooks, columns by name, and what a row's total proves."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.channels import CHANNELS
from connectors.channels.tiktok.columns import FIELDS, LEAVES, NO_LEAVES, folded
from connectors.documents import ingest
from connectors.documents.ingest import FileParser
from connectors.documents.manifest import Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import BadInput, TotalsMismatch
from connectors.home.settings import Settings
from mappings.channels import classify
from tests.channels.examples import workbook
from tests.channels.tiktok_files import SOUTH_EAST, STATEMENTS, Row, export, order

TIKTOK = CHANNELS["tiktok"]
SOLD = {"Subtotal_before_discounts": "25.00", "TikTok_Shop_commission_fee": "-2.25"}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[FileParser]:
    with ingest.open_parser(Settings(home=tmp_path, database_url=None, threads=1)) as opened:
        yield opened


def examined(table: FileParser, content: bytes | str) -> Manifest:
    content = content.encode() if isinstance(content, str) else content
    source_file = SourceFile("income_20260310120000.xlsx", content)
    return table.parse(TIKTOK, source_file, connection="store", time_zone="Europe/London")


def words(manifest: Manifest) -> dict[str, Decimal]:
    return {word.name: word.amount for word in manifest.source_types}


def sheet(rows: list[Row], header: tuple[str, ...] = STATEMENTS) -> bytes:
    cells = [[row.get(name, "") for name in header] for row in rows]
    return workbook([list(header), *cells], title="Order details")


def test_a_workbook_is_read_like_its_text(table: FileParser) -> None:
    rows = [order(**SOLD), order("5", at=date(2026, 3, 9), statement="8", payment="/", **SOLD)]
    book, text = examined(table, sheet(rows)), examined(table, export(rows))
    assert book.dialect.encoding == "xlsx:Order details"
    assert (book.days, book.settlements) == (text.days, text.settlements)
    assert book.total == Decimal("45.50")
    first, second = book.settlements
    assert (first.settlement_id, first.payout) == ("7300000000000000001", Decimal("22.75"))
    assert (second.settlement_id, second.payout) == ("8", None)


def test_columns_stand_in_any_order_and_by_newer_names(table: FileParser) -> None:
    renamed = {"Type ": "Transaction type", "Order/adjustment ID  ": "Order\\adjustment ID"}
    header = tuple(renamed.get(name, name) for name in reversed(STATEMENTS))
    row = {renamed.get(name, name): value for name, value in order(**SOLD).items()}
    assert words(examined(table, export([row], header))) == {
        "Order / Subtotal before discounts": Decimal(25),
        "Order / TikTok Shop commission fee": Decimal("-2.25"),
    }


def test_the_layout_without_statements_is_settled_by_the_day(table: FileParser) -> None:
    rows = [order(str(day), at=date(2024, 9, day), **SOLD) for day in (8, 9, 9)]
    manifest = examined(table, export(rows, SOUTH_EAST))
    assert [(s.settlement_id, s.total, s.payout) for s in manifest.settlements] == [
        ("tiktok-2024-09-08", Decimal("22.75"), None),
        ("tiktok-2024-09-09", Decimal("45.50"), None),
    ]
    assert manifest.statement == "income:2024-09-08..2024-09-09:USD"


def test_a_column_nobody_knows_counts_where_the_total_is_short_of_it(table: FileParser) -> None:
    header = (*STATEMENTS, "Moonlight fee", "Buyer score")
    row = order(total="21.75", **SOLD) | {"Moonlight fee": "-1.00", "Buyer score": ""}
    amounts = words(examined(table, export([row], header)))
    assert amounts["Order / Moonlight fee"] == Decimal(-1)
    assert classify("tiktok", ["Order / Moonlight fee"])[0].category == "unclassified"
    beside = order(**SOLD) | {"Buyer score": "4.5"}
    assert "Order / Buyer score" not in words(examined(table, export([beside], header)))
    both = order(total="21.75", **SOLD) | {"Moonlight fee": "-1.00", "Buyer score": "4.5"}
    with pytest.raises(TotalsMismatch, match=r"make 22\.7500 but its total is 21\.7500"):
        examined(table, export([both], header))


def test_a_row_may_describe_the_columns(table: FileParser) -> None:
    header = dict.fromkeys(STATEMENTS, "What this column says")
    assert examined(table, export([header, order(**SOLD)])).lines == 2


def test_every_leaf_of_both_layouts_is_placed() -> None:
    placed = classify("tiktok", (f"Order / {leaf}" for leaf in LEAVES))
    assert [c.source_type for c in placed if c.category == "unclassified"] == []
    columns = LEAVES | NO_LEAVES | {name for names in FIELDS.values() for name in names}
    assert {folded(name.strip()) for name in (*STATEMENTS, *SOUTH_EAST)} <= columns


@pytest.mark.parametrize("sum_of", ["Total settlement amount", "Currency", "Statement date"])
def test_a_row_that_lacks_what_it_must_say_is_refused(table: FileParser, sum_of: str) -> None:
    with pytest.raises(BadInput, match="row 2 is incomplete"):
        examined(table, export([order(**SOLD), order(**SOLD) | {sum_of: ""}]))


def test_a_sheet_of_orders_that_are_not_settled_is_not_taken(table: FileParser) -> None:
    header = ("Order/adjustment ID", "Type", "Total estimated settlement amount")
    with pytest.raises(BadInput, match="is a spreadsheet, and no sheet of it"):
        examined(table, workbook([header, ["1", "Order", "5.00"]], title="Order details"))
