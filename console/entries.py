"""Journal entries as documents: what was, or would be, posted."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from connectors.database.registry import Connection
from mappings.model import BOOKS, JournalEntry, JournalLine, settlement_of
from mappings.money import minor_digits
from pipelines.stages.explanation import Source, behind, sources
from pipelines.stages.journals import read_entries
from pipelines.stages.workspace import Workspace

Entry = dict[str, Any]


def entries(
    opened: Workspace, connection: Connection, days: Iterable[date], explain: bool
) -> list[Entry]:
    """Return entries with their state; with `explain` the document rows behind each line."""
    publications = {
        p.entry_id: p for p in opened.registry.publications.list(BOOKS, [connection.slug])
    }
    revisions = {p.entry_id: p.revision for p in publications.values()}
    documents = []
    for entry in read_entries(opened, connection.slug, days, revisions):
        publication = publications.get(entry.entry_id)
        settlement = settlement_of(entry.entry_id)
        rows = sources(opened, connection, entry.business_date, settlement) if explain else None
        documents.append(
            {
                "entry_id": entry.entry_id,
                "connection": entry.connection,
                "business_date": entry.business_date,
                "currency": entry.currency,
                "state": publication.state if publication else "unplanned",
                "message": publication.message if publication else None,
                "revision": entry.revision,
                "content_hash": entry.content_hash,
                "lines": _lines(entry, rows),
            }
        )
    return documents


def _lines(entry: JournalEntry, rows: Sequence[Source] | None) -> list[Entry]:
    digits = minor_digits(entry.currency)
    return [
        {
            "part": line.part,
            "account": line.account,
            "category": line.category,
            "tax_code": line.tax_code,
            "tax": _tax(line),
            "settlement_id": line.settlement_id,
            "amount": f"{line.amount:.{digits}f}",
            "transactions": line.transactions,
        }
        | (
            {}
            if rows is None
            else {"sources": [_source(s) for s in behind(line, entry, list(rows))]}
        )
        for line in entry.lines
    ]


def _tax(line: JournalLine) -> Entry | None:
    if line.tax_treatment is None:
        return None
    rate = None if line.tax_rate is None else f"{line.tax_rate.normalize():f}"
    return {
        "treatment": line.tax_treatment,
        "country": line.tax_country,
        "region": line.tax_region,
        "rate": rate,
    }


def _source(source: Source) -> Entry:
    return {
        "transaction_id": source.transaction_id,
        "amount": source.amount,
        "source_type": source.source_type,
        "order_id": source.order_id,
        "sku": source.sku,
        "posted_at": source.posted_at,
        "description": source.description,
        "document": source.document,
        "file": source.file,
        "row": source.row,
        "cells": source.cells,
    }
