"""Entries of ours as an organisation lists them, some days at a time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from connectors.accounting.target import BookedEntry, OrganisationBooks
from connectors.database.registry import Publication
from connectors.lake.windows import ONE_DAY, Window
from pipelines.stages.posted_documents import documents_of

# The platforms answer a hundred or a thousand at once.
_LISTED_DAYS: Final = timedelta(days=30)


def listed_entries(
    books: OrganisationBooks, publications: Iterable[Publication]
) -> dict[str, BookedEntry]:
    """Return what the books list on the days of some publications, by its id there.

    Nothing of files, which list no entries.
    """
    days = sorted(
        {
            document.entry.business_date
            for publication in publications
            for document in documents_of(publication)
        }
    )
    return {
        entry.reference: entry
        for window in _windows(days)
        for entry in books.entries(window.start, window.end - ONE_DAY)
        if entry.kind == "journal"
    }


def _windows(days: Sequence[date]) -> Iterator[Window]:
    start = 0
    for at, day in enumerate(days):
        if day - days[start] >= _LISTED_DAYS:
            yield Window(days[start], days[at - 1] + ONE_DAY)
            start = at
    if days:
        yield Window(days[start], days[-1] + ONE_DAY)
