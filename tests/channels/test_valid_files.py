"""Files that are valid and unusual: read, or refused with the true cause and its cure."""

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from connectors.channels import CHANNELS
from connectors.channels.tiktok.columns import API_FIELDS
from connectors.documents import ingest
from connectors.documents.manifest import Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import BadInput
from connectors.home.settings import Settings
from mappings.channels import classify
from tests.channels import (
    ebay_files,
    etsy_files,
    shopify_files,
    square_files,
    tiktok_files,
    walmart_files,
)
from tests.channels.examples import EXAMPLES, workbook

THIRD = date(2026, 3, 3)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def examined(home: Path, channel: str, content: bytes | str, name: str = "file.csv") -> Manifest:
    settings = Settings(home=home, database_url=None, threads=1)
    content = content.encode() if isinstance(content, str) else content
    return ingest.parse_file(
        settings, CHANNELS[channel], SourceFile(name, content), connection="s", time_zone="UTC"
    )


def refusal(home: Path, channel: str, content: bytes | str) -> str:
    with pytest.raises(BadInput) as refused:
        examined(home, channel, content)
    assert [path for path in home.rglob("*") if path.is_file()] == []
    return str(refused.value)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def written(rows: list[list[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    return out.getvalue()


BREAKS = {
    "etsy": etsy_files.statement(
        [etsy_files.charge(THIRD, "Fee", "Transaction fee: Tea\r\ntowel,\nset of 2", "#1", "-1.17")]
    ),
    "tiktok": tiktok_files.export(
        [{**tiktok_files.order(Subtotal_before_discounts="25.00"), "Product name": "Mug,\nblue"}]
    ),
    "walmart": walmart_files.report(
        [{**row, "Partner Item Name": 'Mug "blue",\nlarge'} for row in walmart_files.order()]
    ),
    "ebay": ebay_files.report([{**ebay_files.order("05-1", THIRD, "25.00"), "Item title": "a\nb"}]),
    "square": square_files.export(
        [{**square_files.row(THIRD, "25.00", "-1.10"), "Description": "Mug,\n2 of them"}]
    ),
}


@pytest.mark.parametrize("channel", sorted(BREAKS))
def test_a_line_break_inside_quotes_is_part_of_a_cell(channel: str, home: Path) -> None:
    broken = BREAKS[channel]
    assert "\n" in broken
    whole = written([[" ".join(cell.split()) for cell in row] for row in rows_of(broken)])
    with_breaks, without = (examined(home, channel, text) for text in (broken, whole))
    assert with_breaks.source_types == without.source_types
    assert (with_breaks.total, with_breaks.days) == (without.total, without.days)


def test_a_workbook_is_as_large_as_its_cells_whatever_extent_it_states(home: Path) -> None:
    rows = rows_of(tiktok_files.export([tiktok_files.order(Subtotal_before_discounts="25.00")] * 2))
    content = workbook([*rows, [], ["", ""]], title="Order details")
    assert load_workbook(io.BytesIO(content)).active.dimensions != "A1"
    stated_small = _with_dimension(content, "A1")
    manifest = examined(home, "tiktok", stated_small, "income.xlsx")
    assert (manifest.lines, manifest.total) == (2, Decimal("50.00"))


def _with_dimension(content: bytes, extent: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as original, zipfile.ZipFile(out, "w") as changed:
        for part in original.infolist():
            data = original.read(part)
            if part.filename.startswith("xl/worksheets/"):
                data, times = re.subn(
                    rb'<dimension ref="[^"]*"', b'<dimension ref="%s"' % extent.encode(), data
                )
                assert times == 1
            changed.writestr(part.filename, data)
    return out.getvalue()


ETSY_HEADERS = {
    "German": "Datum,Art,Titel,Info,Währung,Betrag,Gebühren und Steuern,Netto,Steuerdetails",
    "French": "Date,Type,Titre,Infos,Devise,Montant,Frais et taxes,Net,Détail des taxes",
    "another language": "日付,種類,タイトル,情報,通貨,金額,手数料,正味,税",
}


@pytest.mark.parametrize("language", sorted(ETSY_HEADERS))
def test_a_statement_in_another_language_is_told_from_other_files(
    language: str, home: Path
) -> None:
    row = '"30. September 2024",Sale,"Zahlung für Nr. 1",,EUR,"12,00 €",--,"12,00 €",--\n'
    message = refusal(home, "etsy", f"{ETSY_HEADERS[language]}\n{row}")
    assert f"is a file of Etsy in {language}; set Etsy to English" in message


def test_an_ebay_report_in_french_is_told_from_other_files(home: Path) -> None:
    header = [f"Colonne {number}" for number in range(24)]
    header[2], header[10], header[20] = "Numéro de commande", "Montant net", "Taxe (eBay)"
    message = refusal(home, "ebay", written([["Rapport"], header, ["--"] * 24], delimiter=";"))
    assert "is a file of eBay in French; set eBay to English" in message


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_file_that_a_spreadsheet_saved_again_is_told_so(name: str, home: Path) -> None:
    document = EXAMPLES[name].document
    rows = [line.split("\t") for line in document.splitlines()]
    rows = rows if name == "amazon" else rows_of(document)
    message = refusal(home, name, written(rows, delimiter=";"))
    assert "a spreadsheet program has saved again" in message


def test_dates_and_numbers_that_a_spreadsheet_rewrote_are_told_so(home: Path) -> None:
    statement = EXAMPLES["etsy"].document.replace('"March 3, 2026"', "3.3.26")
    assert "'3.3.26' is not a date that can be read; a spreadsheet" in refusal(
        home, "etsy", statement
    )
    report = EXAMPLES["amazon"].document
    number = next(cell for cell in report.split("\n")[1].split("\t") if cell.isdigit())
    message = refusal(home, "amazon", report.replace(number, "2.38744E+10"))
    assert "line 2: 2.38744E+10: a spreadsheet program has shortened its numbers" in message


def test_every_column_of_a_tiktok_market_pairs_with_a_field_of_the_api() -> None:
    for column, name in API_FIELDS.items():
        by_column, by_field = classify("tiktok", [f"Order / {column}", f"ORDER / {name}"], None)
        assert by_column.category != "unclassified", column
        assert (by_column.category, by_column.if_positive) == (
            by_field.category,
            by_field.if_positive,
        ), column


def test_british_vat_nets_to_nothing(home: Path) -> None:
    header = (*tiktok_files.STATEMENTS, "VAT", "Gross sales")
    row = {**tiktok_files.order(total="20.00"), "VAT": "-4.00", "Gross sales": "24.00"}
    manifest = examined(home, "tiktok", tiktok_files.export([row], header))
    words = {word.name: word.amount for word in manifest.source_types}
    assert words == {
        "Order / Gross sales": Decimal(24),
        "Order / VAT": Decimal(-4),
        "Order / VAT / collected": Decimal(4),
        "Order / VAT / out of the sale": Decimal(-4),
    }


def test_ebay_columns_stand_in_any_order_and_no_row_is_lost(home: Path) -> None:
    orders = [ebay_files.order(f"05-{n}", THIRD, "25.00", "-3.35") for n in range(3)]
    rows = rows_of(ebay_files.report(orders))
    top = next(n for n, row in enumerate(rows) if len(row) > 20)
    turned = [*rows[:top], *[list(reversed(row)) for row in rows[top:]]]
    straight, reverse = (examined(home, "ebay", written(r)) for r in (rows, turned))
    assert (reverse.lines, reverse.total) == (straight.lines, straight.total)
    noted = [["Transaction report"], ["Note", "two\nlines,\nor three"], *rows[top:]]
    assert examined(home, "ebay", written(noted)).total == straight.total
    sorted_away = [rows[top + 1], *rows[top : top + 1], *rows[top + 2 :]]
    assert "row 1 is above the header" in refusal(home, "ebay", written(sorted_away))


def test_a_number_of_the_channels_own_stands_once(home: Path) -> None:
    payment = square_files.row(THIRD, "25.00", "-1.10")
    for twin in (payment, {**payment, "Time": "09:00:00", "Description": "another"}):
        message = refusal(home, "square", square_files.export([payment, twin]))
        assert "row 2: Payment ID pay1 occurs twice, in row 1 too" in message
    # Refunds of a payment at different times may have its number; so may a row without one.
    refund = square_files.row(THIRD, "-5.00", event="Refund")
    later = {**refund, "Time": "15:00:00"}
    nameless = {**payment, "Payment ID": "", "Transaction ID": "T1"}
    rows = [payment, refund, later, nameless, nameless]
    assert examined(home, "square", square_files.export(rows)).rows == 5
    paid = shopify_files.payout(THIRD, Charges="20.00", Total="20.00")
    twice = [{**paid, "Bank Reference": "106"}] * 2
    message = refusal(home, "shopify", shopify_files.export(twice, shopify_files.PAYOUTS))
    assert "row 2: Bank Reference 106 occurs twice, in row 1 too" in message
    sold = ebay_files.order("05-1", THIRD, "25.00", payout="50")
    left = [sold, ebay_files.paid(THIRD, "25", "50")]
    assert examined(home, "ebay", ebay_files.report(left)).lines == 1
    message = refusal(home, "ebay", ebay_files.report([*left, left[1]]))
    assert "row 3: Payout ID 50 occurs twice, in row 2 too" in message
