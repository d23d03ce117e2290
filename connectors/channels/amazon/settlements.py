"""What a settlement is at Amazon: a report that Amazon makes when it closes one.

The list does not say whose settlement a report is, and names one settlement by several reports, a
region's marketplaces among them. So a report is fetched once, and the document it brought keeps its
number (`tag`); a settlement that comes by a second report learns that one's number too.

A day is open until a settlement covers it. What Finances tells of it before is kept as provisional.
"""

import codecs
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.channels.amazon.api import LISTED, Reports, amazon, store
from connectors.channels.amazon.finances import provisional
from connectors.channels.visits import Visit
from connectors.documents.manifest import Member
from connectors.lake.windows import ONE_DAY, Window


def read(visit: Visit) -> Iterator[Member]:
    """Every settlement report that Amazon still lists and that has not been fetched yet."""
    named = {m.statement: (m.tag or "").split() for m in visit.held}
    fetched = {number for numbers in named.values() for number in numbers}
    currencies = {m.currency for m in visit.held}
    with amazon(visit) as calls, store(visit) as documents:
        reports = Reports(visit, calls, documents)
        listed = sorted(reports.listed(visit.instant(visit.since)), key=lambda r: r["createdTime"])
        for report in listed:
            number = report.get("reportDocumentId")
            if number is None or number in fetched or _ended(report, visit):
                continue
            fetched.add(number)
            content = reports.document(number)
            first = summary(content)
            currencies |= {first.get("currency", "")} - {""}
            numbers = named.setdefault(first.get("settlement-id", ""), [])
            numbers.append(number)
            yield Member(f"{report['reportId']}.txt", content, tag=" ".join(numbers))
        yield from provisional(visit, calls, _uncovered(listed, visit), currencies)


def _uncovered(listed: list[dict[str, Any]], visit: Visit) -> Window:
    """The days after the last that any settlement covers."""
    zone = ZoneInfo(visit.time_zone)
    ends = [datetime.fromisoformat(r["dataEndTime"]) for r in listed if r.get("dataEndTime")]
    known = [(end - timedelta(microseconds=1)).astimezone(zone).date() for end in ends]
    known += [m.last_day for m in visit.held]
    reach = (visit.now - LISTED).date()
    last = max(known, default=visit.since - ONE_DAY)
    return Window(max(last + ONE_DAY, visit.since, reach), visit.today)


def _ended(report: dict[str, Any], visit: Visit) -> bool:
    """Whether all that a report is about lies before the connection's first day."""
    end = report.get("dataEndTime")
    return end is not None and datetime.fromisoformat(end) <= visit.instant(visit.since)


def summary(content: bytes) -> dict[str, str]:
    """A report's first row, which states its settlement and its currency, by column."""
    header, _, rest = content[:65_536].removeprefix(codecs.BOM_UTF8).partition(b"\n")
    names = header.lower().replace(b'"', b"").split(b"\t")
    cells = rest.partition(b"\n")[0].split(b"\t")
    pairs = zip(names, cells, strict=False)
    return {
        n.strip().decode("ascii", "replace"): c.strip().decode("ascii", "replace") for n, c in pairs
    }
