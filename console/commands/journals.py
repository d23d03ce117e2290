"""`journals`: what would be or was posted, down to the rows it was made of."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer

from connectors.registry import Connection
from console.commands.home import Json
from console.commands.syncing import From, Slugs, To, window_of
from console.opening import chosen, workspace
from console.output import money, show, show_json
from mappings.model import JournalEntry
from mappings.money import minor_digits
from pipelines.stages.explaining import Source, behind, sources
from pipelines.stages.journals import BOOKS, read_entries
from pipelines.stages.workspace import Workspace

Entry = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(journals)


def journals(
    slugs: Slugs = None,
    first: From = None,
    last: To = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="show the document rows behind every line")
    ] = False,
    as_json: Json = False,
) -> None:
    """Journal entries by day, with their state at the books; debits are positive."""
    window = window_of(first, last)
    with workspace() as opened:
        listed: list[Entry] = []
        for connection in chosen(opened, slugs or []):
            days = opened.lake.days("journal_lines", connection.slug)
            wanted = {d for d in days if window is None or d in window}
            listed += _entries(opened, connection, wanted, explain)
    if as_json:
        show_json({"entries": listed})
    elif not listed:
        show("no journal entries there: `daybook sync` builds them")
    else:
        for entry in listed:
            _print(entry)
    raise typer.Exit(1 if any(e["state"] == "held" for e in listed) else 0)


def _entries(
    opened: Workspace, connection: Connection, days: Iterable[date], explain: bool
) -> list[Entry]:
    known = {p.entry_id: p for p in opened.registry.publications(BOOKS, [connection.slug])}
    revisions = {p.entry_id: p.revision for p in known.values()}
    found = []
    for entry in read_entries(opened, connection.slug, days, revisions):
        publication = known.get(entry.entry_id)
        rows = sources(opened, connection, entry.business_date) if explain else None
        found.append(
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
    return found


def _lines(entry: JournalEntry, rows: Sequence[Source] | None) -> list[Entry]:
    digits = minor_digits(entry.currency)
    return [
        {
            "part": line.part,
            "account": line.account,
            "category": line.category,
            "tax_code": line.tax_code,
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


def _print(entry: Entry) -> None:
    state = f"{entry['state']}, revision {entry['revision']}"
    show(f"{entry['business_date']} {entry['entry_id']} ({state})")
    if entry["message"]:
        show(f"  held: {entry['message']}")
    digits = minor_digits(entry["currency"])
    for line in entry["lines"]:
        settlement = f" [{line['settlement_id']}]" if line["settlement_id"] else ""
        show(
            f"  {line['account']:<44} {money(Decimal(line['amount']), digits):>14} "
            f"{entry['currency']}  {line['category']}{settlement}"
        )
        for source in line.get("sources", ()):
            what = source["order_id"] or source["description"] or ""
            show(
                f"      {money(source['amount'], digits):>14}  {source['source_type']}  {what}  "
                f"{source['file']} row {source['row']}"
            )
    show()
