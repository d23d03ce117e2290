"""Every registered channel's example documents, for the suite that all channels must pass.

A channel that is added brings one `Example`; nothing else of the suite names a channel.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import openpyxl

from tests.channels import amazon_files, etsy_files
from tests.channels.etsy_files import charge, deposit, sale


@dataclass(frozen=True)
class Example:
    """One statement in full, the same restated, the next one, and how each may be spoilt.

    `restated` moves what `document` says of `withdrawn_day` to the day after, which nothing else
    is on. `identical` rows of the document are alike in every column. `proven` says that a
    statement declares its total. `next` follows `document` and closes what it leaves open.
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


# Channels that are read from files; each brings its example in a line.
EXAMPLES = {example.name: example for example in (_amazon(), _etsy())}


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
