"""A month is closed: one archive that adds up, and days that stay as they are."""

import csv
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from pypdf import PdfReader

from connectors.accounting.beancount import Books
from connectors.errors import BadInput
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS
from pipelines.stages.approvals import EntrySelection, choose_for_closed
from pipelines.stages.month_archive import csv_of, workbook_of
from pipelines.stages.month_close import Closing, close_month, month_of, reopen_month
from pipelines.stages.month_pdf import pdf_of
from pipelines.stages.month_tables import MonthTable
from sandbox.amazon_files import order, report
from tests.channels.house import House

MARCH = month_of("2026-03")
APRIL_1 = date(2026, 4, 1)


def settlement(price: str = "20.00", late: str = "") -> str:
    """Two orders of March, of which the first has a price or is none, and perhaps a late one."""
    return report(
        [
            *(
                order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC", price=price)
                if price
                else []
            ),
            *order("111-0000002-0000002", at="2026-03-30 08:00:00 UTC"),
            *(order("111-0000003-0000003", at=late, price="30.00") if late else []),
        ],
        start="2026-03-01 12:00:00 UTC",
        end="2026-04-02 12:00:00 UTC",
        deposit="2026-04-04 12:00:00 UTC",
    )


def closed(house: House, *, despite_open: bool = False) -> Closing:
    return close_month(
        house.workspace,
        [house.connection],
        MARCH,
        "ann",
        despite_open=despite_open,
        today=APRIL_1,
    )


def rows(closing: Closing, name: str) -> list[dict[str, str]]:
    assert closing.archive is not None
    with zipfile.ZipFile(closing.archive) as archive:
        text = archive.read(f"{name}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def pdf_text(closing: Closing) -> str:
    assert closing.archive is not None
    with zipfile.ZipFile(closing.archive) as archive:
        return read_pdf(archive.read("month.pdf"))


def read_pdf(content: bytes) -> str:
    """The text of every page, by a reader that is not the writer's."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_the_archive_adds_up_and_the_month_stays_as_it_is(empty: House) -> None:
    registry = empty.workspace.registry
    empty.take(settlement())
    empty.normalise()
    empty.journal()
    # Before anything is posted, the month has open points, and nothing is closed.
    refused = closed(empty)
    assert refused.archive is None
    assert any("je:store:2026-03-02:USD is planned" in line for line in refused.obstacles)
    empty.run()
    closing = closed(empty)
    assert (closing.obstacles, registry.closed_books.get("store")) == ([], date(2026, 3, 31))
    (clearing,) = rows(closing, "clearing")
    figures = {n: Decimal(clearing[n]) for n in ("opening", "activity", "payouts", "closing")}
    assert figures["opening"] + figures["activity"] + figures["payouts"] == figures["closing"]
    # The payout is of April: what March owes is what the settlement moved so far.
    items = rows(closing, "open_items")
    assert sum(Decimal(item["open_amount"]) for item in items) == figures["closing"] > 0
    lines = rows(closing, "entries")
    assert {line["business_date"] for line in lines} == {"2026-03-02", "2026-03-30"}
    assert sum(Decimal(line["amount"]) for line in lines) == 0
    assert [s["state"] for s in rows(closing, "settlements")] == ["tied"]
    assert [m["version"] for m in rows(closing, "mappings")] == ["0"]
    totals = rows(closing, "accounts")
    assert sum(Decimal(each["balance"]) for each in totals) == 0
    shown = pdf_text(closing)
    # Every account with its change, every settlement with its proof.
    for each in totals:
        assert Decimal(each["debits"]) - Decimal(each["credits"]) == Decimal(each["balance"])
        line = next(text for text in shown.splitlines() if text.startswith(each["account"]))
        assert f"{Decimal(each['balance']):,.2f}" in line
    (proof,) = rows(closing, "settlements")
    assert f"{proof['settlement_id']} 2026-03-01 2026-04-02 USD" in shown
    assert f"{figures['closing']:,.2f}" in shown
    # A change of a closed day is held, and the books keep their bytes.
    empty.take(settlement("25.00"), "restated.txt")
    empty.run()
    (held,) = registry.publications.list(BOOKS, states=["held"])
    assert (held.business_date, held.waits_for) == (date(2026, 3, 2), "open_period")
    assert "the books are closed through 2026-03-31" in (held.message or "")
    assert "25.00" not in empty.books()
    assert reopen_month(empty.workspace, [empty.connection], MARCH, "a late claim", "ann") == [
        "store"
    ]
    empty.publish()
    assert registry.publications.list(BOOKS, states=["held"]) == []
    assert all(proof.ok for proof in empty.prove())
    # Closed again, the first archive stays beside the second.
    assert closed(empty).archive != closing.archive
    actions = [event.action for event in registry.audit.list() if event.actor == "ann"]
    assert actions == ["books.closed", "books.reopened", "books.closed"]


def test_a_late_entry_may_be_left_out_of_closed_books(empty: House) -> None:
    empty.take(settlement())
    empty.run()
    closed(empty)
    empty.take(settlement("25.00"), "restated.txt")
    empty.run()
    choose_for_closed(
        empty.workspace, "store", BOOKS, EntrySelection(), "left_out", "immaterial", "ann"
    )
    empty.run()
    listed = empty.workspace.registry.publications.list(BOOKS)
    assert [p.state for p in listed if p.business_date == date(2026, 3, 2)] == ["left_out"]
    reopen_month(empty.workspace, [empty.connection], MARCH, "after all", "ann")
    empty.run()
    assert "25.00" not in empty.books()


# What a restated document does to a closed month, one after the other; and back again.
RESTATED = {
    "a day less": settlement(""),
    "another price": settlement("25.00"),
    "as it was": settlement(),
    "a day more": settlement("20.00", "2026-03-31 08:00:00 UTC"),
}


def balances(lines: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount in lines:
        sums[account] += amount
    return {account: amount for account, amount in sums.items() if amount}


@pytest.mark.parametrize("mode", ["daily", "settlement"])
def test_late_changes_go_to_the_first_open_day_and_the_closed_one_keeps_its_bytes(
    empty: House, mode: str
) -> None:
    registry = empty.workspace.registry
    document = MappingConfig.model_validate({"mode": mode}).model_dump(mode="json")
    registry.mappings.save(document, mode, actor="test")
    empty.take(settlement())
    empty.run()
    closed(empty)
    march = of_march(empty)
    # One after the other, as a choice holds for an entry until another one is made.
    for number, (name, text) in enumerate(RESTATED.items()):
        empty.take(text, f"{name}.txt")
        empty.run()
        assert of_march(empty) == march, name
        if number == 0:
            (proof,) = empty.prove()
            assert "first-open-day" in (proof.why or "")
            assert [p.waits_for for p in registry.publications.list(BOOKS, states=["held"])] == (
                [] if mode == "daily" else ["open_period"]
            )
        with suppress(BadInput):
            choose_for_closed(
                *(empty.workspace, "store", BOOKS, EntrySelection(), "first_open_day"),
                *("too late", "ann"),
            )
        empty.publish()
        assert of_march(empty) == march, name
        posted = Books(empty.settings.books_folder).posted(["store"])
        journalled = balances(
            (row["account"], row["amount"]) for row in empty.rows("journal_lines")
        )
        assert balances((line.account, line.amount) for line in posted) == journalled, name
        assert {proof.state for proof in empty.prove()} == {"tied"}, name
        # A second time, and after a crash between the books and the record of it.
        before = empty.books()
        listed = registry.publications.list(BOOKS, states=["posted"])
        registry.publications.mark(BOOKS, listed[:1], "planned")
        empty.publish()
        assert empty.books() == before, name
    empty.check_books()
    # The archive has what the books hold of the month, and not what its days would be by now.
    archived = rows(closed(empty), "entries")
    assert balances((row["account"], Decimal(row["amount"])) for row in archived) == balances(
        (line.account, line.amount) for line in posted if line.business_date < APRIL_1
    )
    day = "2026-03-02" if mode == "daily" else "2026-03-30"
    suffix = "" if mode == "daily" else "-settlement-20000000001"
    link = f"^je-store-{day}-usd{suffix}"
    (first,) = (text for text in empty.books().split("\n\n") if f" {link} {link}-c2" in text)
    assert first.startswith('2026-04-01 * "Store" ')
    assert f'{day}, correction" #' in first
    # What was taken back comes again, and what was changed is the difference.
    assert Decimal(-25 if mode == "daily" else 20) in amounts(first)


def of_march(house: House) -> list[str]:
    """The text of the books before the first open day."""
    return [text for text in house.books().split("\n\n") if text.startswith("2026-03")]


def amounts(text: str) -> set[Decimal]:
    return {Decimal(amount) for amount in re.findall(r" (-?\d+\.\d\d) USD", text)}


def test_what_cannot_be_closed_says_why(empty: House) -> None:
    with pytest.raises(BadInput, match="the month is not over: it ends on 2026-03-31"):
        close_month(empty.workspace, [empty.connection], MARCH, "ann", today=date(2026, 3, 31))
    with pytest.raises(BadInput, match="is no month: write it like 2026-03"):
        month_of("March")
    with pytest.raises(BadInput, match="give a reason"):
        reopen_month(empty.workspace, [empty.connection], MARCH, "", "ann")
    assert month_of("2026-12").end == date(2027, 1, 1)


def test_no_cell_is_a_formula_and_no_amount_a_float() -> None:
    amounts = (Decimal("-12345678901.4567"), Decimal("0.1000"))
    texts = ("=cmd|' /C calc'!A0", "+1", "-2", "@x", "plain", None)
    table = MonthTable("entries", ("text", "amount"), [*((t, a) for t in texts for a in amounts)])
    content = csv_of(table).decode("utf-8-sig")
    assert "\r\n'=cmd|' /C calc'!A0,-12345678901.4567\r\n" in content
    assert "'-2,0.1000" in content
    book = workbook_of([table])
    sheet = openpyxl.load_workbook(io.BytesIO(book))["entries"]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>-12345678901.4567</v>" in xml
    assert "<f>" not in xml


# Chinese, Arabic, Korean, a mark that turns text around, and half of a character.
NAME = "杯子商店 متجر الأكواب 한 \u202eevil\ud800 Zażółć Жук"
WORDS = [f"word{number}" for number in range(2500)]


def test_the_pdf_of_a_month_has_equal_bytes_and_drops_nothing(empty: House) -> None:
    names = ("account", "currency", "debits", "credits", "balance", "lines")
    figures = (Decimal("1234567.0000"), Decimal("0.5000"), Decimal("1234566.5000"), 3)
    accounts = [(f"Income:Sales:{number}:" + "x" * number, "JPY", *figures) for number in range(90)]
    columns = ("connection", "target", "version", "digest", "effective_from", "author", "reason")
    mapping = ("store", "books", 3, "ab" * 32, date(2026, 1, 1), "ann", " ".join(WORDS))
    tables = [MonthTable("accounts", names, accounts), MonthTable("mappings", columns, [mapping])]
    stores = [replace(empty.connection, name=NAME)]
    first = pdf_of(MARCH, stores, tables, [f"held: {NAME}"])
    assert first == pdf_of(MARCH, stores, tables, [f"held: {NAME}"])
    shown = read_pdf(first)
    for text in (
        "杯子商店",
        "Zażółć Жук",
        "[U+D55C]",
        "[U+202E]evil[U+D800]",
        "1,234,567",
        "0.5000",
    ):
        assert text in shown
    assert set("متجر الأكواب") <= set(shown)
    assert [word for word in WORDS if word not in shown.split()] == []
    # Long names break into lines, and no letter of one is lost.
    assert shown.count("x") >= sum(range(90))
    assert len(PdfReader(io.BytesIO(first)).pages) > 4
