"""Sync of Amazon's settlements: a report that Amazon makes when it closes one.

The list does not say whose settlement a report is, and names one settlement by several reports, a
region's marketplaces among them. So a report is fetched once, and the document it brought keeps its
number (`tag`); a settlement that comes by a second report learns that one's number too.

A day is open until a settlement covers it. What Finances reports before is stored as provisional.
"""

import codecs
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.channels.amazon.api import LISTED, AmazonReports, amazon, store
from connectors.channels.amazon.finances import provisional
from connectors.channels.sync_context import SyncContext
from connectors.documents.source_file import SourceFile
from connectors.lake.windows import ONE_DAY, Window


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield every settlement report that Amazon still lists and that has not been fetched yet."""
    named = {m.statement: (m.tag or "").split() for m in context.documents}
    fetched = {number for numbers in named.values() for number in numbers}
    currencies = {m.currency for m in context.documents}
    with amazon(context) as calls, store(context) as documents:
        reports = AmazonReports(context, calls, documents)
        listed = sorted(
            reports.listed(context.instant(context.since)), key=lambda r: r["createdTime"]
        )
        for report in listed:
            number = report.get("reportDocumentId")
            if number is None or number in fetched or _ended(report, context):
                continue
            # Also within this sync: nothing says that two reports never share a document.
            fetched.add(number)
            content = reports.document(number)
            first = summary(content)
            currencies |= {first.get("currency", "")} - {""}
            numbers = named.setdefault(first.get("settlement-id", ""), [])
            numbers.append(number)
            yield SourceFile(f"{report['reportId']}.txt", content, tag=" ".join(numbers))
        yield from provisional(context, calls, _uncovered(listed, context), currencies)


def _uncovered(listed: list[dict[str, Any]], context: SyncContext) -> Window:
    """Return the days after the last that any settlement covers."""
    zone = ZoneInfo(context.time_zone)
    ends = [datetime.fromisoformat(r["dataEndTime"]) for r in listed if r.get("dataEndTime")]
    # The end is outside: a settlement that ends at midnight does not cover the day that begins.
    covered = [(end - timedelta(microseconds=1)).astimezone(zone).date() for end in ends]
    covered += [m.last_day for m in context.documents]
    # What is older is listed no more: nothing says whether a settlement covers it.
    listed_since = (context.now - LISTED).date()
    last = max(covered, default=context.since - ONE_DAY)
    return Window(max(last + ONE_DAY, context.since, listed_since), context.today)


def _ended(report: dict[str, Any], context: SyncContext) -> bool:
    """Return whether all that a report is about lies before the connection's first day."""
    end = report.get("dataEndTime")
    return end is not None and datetime.fromisoformat(end) <= context.instant(context.since)


def summary(content: bytes) -> dict[str, str]:
    """Return a report's first row, which states its settlement and its currency, by column."""
    # Two lines are enough, and a report may have hundreds of megabytes.
    header, _, rest = content[:65_536].removeprefix(codecs.BOM_UTF8).partition(b"\n")
    names = header.lower().replace(b'"', b"").split(b"\t")
    cells = rest.partition(b"\n")[0].split(b"\t")
    pairs = zip(names, cells, strict=False)
    return {
        n.strip().decode("ascii", "replace"): c.strip().decode("ascii", "replace") for n, c in pairs
    }
