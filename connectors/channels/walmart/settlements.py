"""What a settlement is at Walmart: a reconciliation report, which is of one payment.

Reports are listed by the day of their payment. Each is fetched once; Walmart makes them anew from
time to time, so the newest is looked at again. What no report covers yet is open.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from connectors.channels.statements import SETTLEMENT
from connectors.channels.visits import Visit
from connectors.channels.walmart.api import NoFile, Reports, listed_as
from connectors.channels.walmart.payments import statement_of
from connectors.documents.api_documents import Answers
from connectors.documents.manifest import Member


def read(visit: Visit) -> Iterator[Member]:
    """Every report that is listed and not held, and the newest."""
    with Reports.remote(visit) as remote:
        reports = Reports(visit, remote)
        listed = [day for day in reports.dates() if day >= visit.since]
        for day in listed:
            if day == listed[-1] or not _held(visit, day):
                yield _report(visit, reports, day)


def _held(visit: Visit, day: date) -> bool:
    """Whether a report is there: fetched before, or imported by hand."""
    return visit.held_as(statement_of(day)) is not None or any(
        m.tag == listed_as(day) for m in visit.held
    )


def _report(visit: Visit, reports: Reports, day: date) -> Member:
    try:
        found = reports.file(day)
    except NoFile:
        currency = str(visit.account.get("currency") or "USD")
        document = Answers("walmart", SETTLEMENT, statement_of(day), currency)
        for page in reports.pages(day):
            document.add("reconFileJson", page.content)
        found = document.member()
    return replace(found, tag=listed_as(day))
