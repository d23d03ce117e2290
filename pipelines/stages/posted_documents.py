"""Documents of an entry in an organisation, as they are recorded: original and corrections.

A publication keeps what was sent with it. Where the original could not be replaced, a correction
stands beside it: a document of its own, of another day, with the difference.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.accounting.difference import difference, total
from connectors.database.registry import Publication
from mappings.model import JOURNAL, JournalEntry, JournalLine

# Beside the fields of the entry: what was sent before, and what was sent in its place.
_BESIDE = frozenset({"attempt", "documents", "correction", "attachments"})
_FIGURES = ("amount", "tax_rate", "tax_amount", "stated", "stated_tax")


@dataclass(frozen=True, slots=True)
class PostedDocument:
    """One document in an organisation's books: its id there, and the entry as it was sent."""

    reference: str
    entry: JournalEntry


def content_of(entry: JournalEntry) -> dict[str, Any]:
    """Return an entry as it is kept with its publication; amounts are text."""
    lines = [
        {name: _as_text(value) for name, value in asdict(line).items()} for line in entry.lines
    ]
    return {**asdict(entry), "business_date": str(entry.business_date), "lines": lines}


def entry_of(content: Mapping[str, Any]) -> JournalEntry:
    """Return the entry that was kept with a publication."""
    lines = tuple(_lines(content["lines"]))
    day = date.fromisoformat(content["business_date"])
    fields = {name: value for name, value in content.items() if name not in _BESIDE}
    return JournalEntry(**{**fields, "business_date": day, "lines": lines})


def sent_as(content: Mapping[str, Any]) -> JournalEntry:
    """Return the entry that was sent for a revision: itself, or the correction in its place."""
    correction = content.get("correction")
    return entry_of(correction if correction is not None else content)


def documents_of(publication: Publication | None) -> list[PostedDocument]:
    """Return what an organisation holds of a revision that is posted, the original first."""
    if publication is None or publication.content is None or publication.reference is None:
        return []
    content = publication.content
    earlier = [
        PostedDocument(kept["reference"], entry_of(kept["entry"]))
        for kept in content.get("documents", ())
    ]
    # Without a line of difference nothing was sent.
    if "documents" in content and content.get("correction") is None:
        return earlier
    return [*earlier, PostedDocument(publication.reference, sent_as(content))]


def content_with(
    entry: JournalEntry, documents: Sequence[PostedDocument], correction: JournalEntry
) -> dict[str, Any]:
    """Return a revision as it is kept where a correction stands beside what was posted before."""
    return {
        **content_of(entry),
        "documents": [
            {"reference": each.reference, "entry": content_of(each.entry)} for each in documents
        ],
        "correction": content_of(correction) if correction.lines else None,
    }


def correction_of(
    documents: Sequence[PostedDocument], entry: JournalEntry, day: date
) -> JournalEntry:
    """Return the difference that brings posted documents to a revision, dated another day.

    Its id begins as the original's, so that both are known to belong together. It is a journal,
    also beside other documents.
    """
    before = total([document.entry for document in documents], entry)
    named = replace(
        entry,
        entry_id=f"{entry.entry_id}:c{entry.revision}",
        business_date=day,
        document=JOURNAL,
        payouts=JOURNAL,
    )
    return replace(named, lines=difference(before, entry).lines)


def opposite_of(documents: Sequence[PostedDocument], revision: int, day: date) -> JournalEntry:
    """Return what takes posted documents back on another day: a journal.

    Its id is the original's with `:v` and the revision, so that both are known to belong together.
    """
    original = documents[0].entry
    nothing = replace(
        original,
        entry_id=f"{original.entry_id}:v{revision}",
        business_date=day,
        document=JOURNAL,
        payouts=JOURNAL,
        lines=(),
    )
    standing = total([document.entry for document in documents], original)
    return replace(nothing, lines=difference(standing, nothing).lines)


def _lines(stored: Iterable[Mapping[str, Any]]) -> Iterator[JournalLine]:
    for line in stored:
        # Entries of before there was tax have no such figures.
        figures = {n: Decimal(line[n]) for n in _FIGURES if line.get(n) is not None}
        pairs = tuple((name, value) for name, value in line.get("tracking", ()))
        yield JournalLine(**{**line, **figures, "tracking": pairs})


def _as_text(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value
