"""Every registered channel's example documents, for the suite that all channels must pass.

A channel that is added brings one `Example`; nothing else of the suite names a channel.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import openpyxl

from sandbox import amazon_files
from tests.channels import (
    ebay_files,
    etsy_files,
    shopify_files,
    square_files,
    tiktok_files,
    walmart_files,
)
from tests.channels.etsy_files import charge, deposit, sale


@dataclass(frozen=True)
class Example:
    """One statement in full, the same restated, the next one, and how each may be spoilt.

    `restated` moves what `document` says of `withdrawn_day` to the day after, which nothing else
    is on. `identical` rows of the document are alike in every column. `proven` says that a
    statement declares its total; `unproven` is one with a row of 25.00 that says 25.01. `next`
    follows `document` and closes what it leaves open.
    """

    name: str
    document: str
    restated: str
    next: str
    lines: int
    total: Decimal
    days: dict[date, int]
    payouts: dict[date, Decimal]
    withdrawn_day: date
    identical: int
    proven: bool
    missing: str
    doubled: str
    two_currencies: str
    two_settlements: str | None
    unproven: str | None = None


def _amazon() -> Example:
    # Two units of one order stand as two identical pairs of rows.
    twins = [*amazon_files.order(), *amazon_files.order()]
    other = amazon_files.order("111-0000002-0000002", price="9.99", fee="-1.50")
    late = [{**row, "posted-date-time": "2026-03-09 23:59:59 UTC"} for row in other]
    moved = [{**row, "posted-date-time": "2026-03-10 00:00:00 UTC"} for row in other]
    document = amazon_files.report([*twins, *late])
    following = amazon_files.report(
        amazon_files.order("111-0000003-0000003", at="2026-03-20 08:00:00 UTC"),
        settlement="20000000002",
        start="2026-03-15 00:00:00 UTC",
        end="2026-03-29 00:00:00 UTC",
        deposit="2026-03-31 00:00:00 UTC",
    )
    return Example(
        name="amazon",
        document=document,
        restated=amazon_files.report([*twins, *moved]),
        next=following,
        lines=6,
        total=Decimal("42.49"),
        days={date(2026, 3, 3): 4, date(2026, 3, 9): 2},
        payouts={date(2026, 3, 17): Decimal("42.49")},
        withdrawn_day=date(2026, 3, 9),
        identical=2,
        proven=True,
        missing=document.replace("amount-description", "amount-words", 1),
        doubled=document.replace("promotion-id", "sku", 1),
        two_currencies=amazon_files.report([*twins, {**late[0], "currency": "CAD"}]),
        two_settlements=document + following.partition("\n")[2],
    )


def _ebay() -> Example:
    third, ninth, tenth, twelfth = (date(2026, 3, day) for day in (3, 9, 10, 12))
    twins = [ebay_files.order("05-00001-00001", third, "25.00", "-3.35", payout="5000000001")] * 2
    last = {"price": "9.99", "fee": "-1.50", "payout": "5000000001"}
    late = ebay_files.order("05-00002-00002", ninth, **last)
    moved = ebay_files.order("05-00002-00002", tenth, **last)
    left = ebay_files.paid(twelfth, "51.79", "5000000001")
    after = ebay_files.order("05-00003-00003", date(2026, 3, 20), "7.00", "-0.90")
    document = [*twins, late, left]
    text = ebay_files.report(document)
    return Example(
        name="ebay",
        document=text,
        restated=ebay_files.report([*twins, moved, left]),
        next=ebay_files.report([after]),
        lines=6,
        total=Decimal("51.79"),
        days={third: 4, ninth: 2},
        payouts={twelfth: Decimal("51.79")},
        withdrawn_day=ninth,
        identical=2,
        proven=False,
        missing=text.replace("Item subtotal", "Item sum", 1),
        doubled=text.replace("Payout method", "Net amount", 1),
        two_currencies=ebay_files.report([*document[:3], {**left, "Payout currency": "CAD"}]),
        two_settlements=None,
        unproven=ebay_files.report(
            [{**ebay_files.order("05-1", third, "25.00"), "Net amount": "25.01"}, *document]
        ),
    )


def _etsy() -> Example:
    march = date(2026, 3, 3)
    twins = [charge(march, "Fee", "Listing fee", "Listing #1", "-0.20")] * 2
    first = [*twins, sale(march, "3000000001", "25.00"), deposit(date(2026, 3, 5), "24.60")]
    rest = [sale(date(2026, 3, 9), "3000000002", "10.00")]
    moved = [sale(date(2026, 3, 10), "3000000002", "10.00")]
    document = etsy_files.statement([*first, *rest])
    following = [deposit(date(2026, 4, 2), "10.00"), sale(date(2026, 4, 8), "3000000003", "7.00")]
    return Example(
        name="etsy",
        document=document,
        restated=etsy_files.statement([*first, *moved]),
        next=etsy_files.statement(following),
        lines=4,
        total=Decimal("34.60"),
        days={date(2026, 3, 3): 3, date(2026, 3, 9): 1},
        payouts={date(2026, 3, 5): Decimal("24.60")},
        withdrawn_day=date(2026, 3, 9),
        identical=2,
        proven=False,
        missing=document.replace("Info", "Remark", 1),
        doubled=document.replace("Tax Details", "Net", 1),
        two_currencies=document.replace("USD", "CAD", 1),
        two_settlements=None,
    )


def _shopify() -> Example:
    paid = {"payout": "140769394954", "paid_on": date(2026, 3, 12)}
    early, late = "2026-03-03 14:00:00 -0500", "2026-03-09 23:59:59 +0000"
    twins = [shopify_files.row("charge", "25.00", "1.10", at=early, order="MUG-BLUE-1", **paid)] * 2
    last = {"kind": "charge", "amount": "9.99", "fee": "1.50", "order": "MUG-BLUE-2", **paid}
    document = [*twins, shopify_files.row(**last, at=late)]
    moved = [*twins, shopify_files.row(**last, at="2026-03-10 00:00:00 +0000")]
    paid_next = {"payout": "140769394955", "paid_on": date(2026, 3, 16)}
    after = shopify_files.row("refund", "-7.00", at="2026-03-13 09:00:00 +0000", **paid_next)
    text = shopify_files.export(document)
    return Example(
        name="shopify",
        document=text,
        restated=shopify_files.export(moved),
        next=shopify_files.export([after]),
        lines=6,
        total=Decimal("56.29"),
        days={date(2026, 3, 3): 4, date(2026, 3, 9): 2},
        payouts={date(2026, 3, 12): Decimal("56.29")},
        withdrawn_day=date(2026, 3, 9),
        identical=2,
        proven=False,
        missing=text.replace(",Fee,", ",Charge,", 1),
        doubled=text.replace("VAT", "Net", 1),
        two_currencies=shopify_files.export([*document[:2], {**document[2], "Currency": "CAD"}]),
        two_settlements=None,
        unproven=text.replace("25.00,1.10,23.90", "26.10,1.10,25.01", 1),
    )


def _square() -> Example:
    third, ninth, tenth = date(2026, 3, 3), date(2026, 3, 9), date(2026, 3, 10)
    # Identical but for their own numbers: Square gives each payment one.
    twins = [
        square_files.row(third, "25.00", "-1.10", deposit="3ZMFS7A", number=number)
        for number in ("pay1", "pay1b")
    ]
    last = {"gross": "9.99", "fee": "-1.50", "number": "pay2", "order": "MUG-BLUE-2"}
    document = [*twins, square_files.row(ninth, **last, at="23:59:59")]
    moved = [*twins, square_files.row(tenth, **last, at="00:00:00")]
    after = square_files.row(date(2026, 4, 20), "7.00", "-0.30", number="pay3")
    text = square_files.export(document)
    wrong = {**twins[0], "Total Collected": "$25.01"}
    return Example(
        name="square",
        document=text,
        restated=square_files.export(moved),
        next=square_files.export([after]),
        lines=6,
        total=Decimal("56.29"),
        days={third: 4, ninth: 2},
        payouts={},
        withdrawn_day=ninth,
        identical=2,
        proven=False,
        missing=text.replace("Net Sales", "Net Words", 1),
        doubled=text.replace("Dining Option", "Net Total", 1),
        two_currencies=text.replace("$9.99", "£9.99", 1),
        two_settlements=None,
        unproven=square_files.export([wrong, *document[1:]]),
    )


def _tiktok() -> Example:
    sold = {"Subtotal_before_discounts": "25.00", "TikTok_Shop_commission_fee": "-2.25"}
    twins = [tiktok_files.order(**sold), tiktok_files.order(**sold)]
    ninth = {"Subtotal_before_discounts": "9.99", "Affiliate_commission": "-1.50"}
    second = {"statement": "7300000000000000002", "payment": "/"}
    late, moved = (
        tiktok_files.order("576400000000000002", at=date(2026, 3, day), **second, **ninth)
        for day in (9, 10)
    )
    lost = tiktok_files.order(
        "720000000000000001",
        at=date(2026, 3, 20),
        statement="7300000000000000003",
        payment="/",
        kind="Logistics reimbursement",
        Adjustment_amount="3.00",
    )
    following = tiktok_files.order(
        "576400000000000003", at=date(2026, 4, 2), statement="7300000000000000004", **sold
    )
    document = tiktok_files.export([*twins, late, lost])
    plain = tiktok_files.order(total="25.01", Subtotal_before_discounts="25.00")
    return Example(
        name="tiktok",
        document=document,
        restated=tiktok_files.export([*twins, moved, lost]),
        next=tiktok_files.export([following]),
        lines=7,
        total=Decimal("56.99"),
        days={date(2026, 3, 3): 4, date(2026, 3, 9): 2, date(2026, 3, 20): 1},
        payouts={date(2026, 3, 3): Decimal("45.50")},
        withdrawn_day=date(2026, 3, 9),
        identical=2,
        proven=False,
        missing=document.replace("Type ", "Kind", 1),
        doubled=document.replace("SKU name", "SKU ID", 1),
        two_currencies=document.replace("USD", "GBP", 1),
        two_settlements=None,
        unproven=tiktok_files.export([plain]),
    )


def _walmart() -> Example:
    ninth, end = date(2026, 3, 9), date(2026, 3, 14)
    twins = [*walmart_files.order(), *walmart_files.order()]
    late = walmart_files.order("200014533145444", at=ninth, price="9.99", fee="-1.50")
    moved = [{**row, "Transaction Posted Timestamp": "03/10/2026"} for row in late]
    document = walmart_files.report([*twins, *late])
    following = walmart_files.report(
        walmart_files.order("200014533145445", at=date(2026, 3, 20)), end=date(2026, 3, 28)
    )
    return Example(
        name="walmart",
        document=document,
        restated=walmart_files.report([*twins, *moved]),
        next=following,
        lines=6,
        total=Decimal("42.49"),
        days={date(2026, 3, 3): 4, ninth: 2},
        payouts={end + timedelta(days=3): Decimal("42.49")},
        withdrawn_day=ninth,
        identical=2,
        proven=True,
        missing=document.replace("Transaction Description", "Transaction Words", 1),
        doubled=document.replace("Partner GTIN", "Amount", 1),
        two_currencies=walmart_files.report([*twins, {**late[0], "Currency": "CAD"}, late[1]]),
        two_settlements=document + following.partition("\n")[2],
    )


# Channels that are read from files; each brings its example in a line.
EXAMPLES = {
    example.name: example
    for example in (_amazon(), _ebay(), _etsy(), _shopify(), _square(), _tiktok(), _walmart())
}


def zipped(*members: tuple[str, bytes]) -> bytes:
    """A zip archive of the named files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def workbook(rows: Sequence[Sequence[object]], title: str = "Sheet1") -> bytes:
    """An Excel workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
