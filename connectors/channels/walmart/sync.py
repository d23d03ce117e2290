"""Sync of Walmart's settlements: a reconciliation report, which is of one payment.

Reports are listed by the day of their payment. Each is fetched once; Walmart makes them anew from
time to time, so the newest is looked at again. What no report covers yet is open.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from connectors.channels.sync_context import SyncContext
from connectors.channels.walmart.api import NoFile, WalmartReports, listed_as
from connectors.channels.walmart.payments import statement_of
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield every report that is listed and not stored, and the newest."""
    with WalmartReports.remote(context) as remote:
        reports = WalmartReports(context, remote)
        listed = [day for day in reports.dates() if day >= context.since]
        for day in listed:
            if day == listed[-1] or not _stored(context, day):
                yield _report(context, reports, day)


def _stored(context: SyncContext, day: date) -> bool:
    """Return whether a report is there: fetched before, or imported by hand."""
    return context.document_of(statement_of(day)) is not None or any(
        m.tag == listed_as(day) for m in context.documents
    )


def _report(context: SyncContext, reports: WalmartReports, day: date) -> SourceFile:
    try:
        report = reports.file(day)
    except NoFile:
        currency = str(context.account.get("currency") or "USD")
        document = ApiDocument("walmart", Coverage.SETTLEMENT, statement_of(day), currency)
        for page in reports.pages(day):
            document.add("reconFileJson", page.content)
        report = document.source_file()
    return replace(report, tag=listed_as(day))
