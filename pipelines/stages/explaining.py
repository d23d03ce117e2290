"""From a journal line to its transactions, and from those to document and row."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.api_documents import records
from mappings.channels import classify
from mappings.journal.config import through
from mappings.model import CLEARING, GATEWAY, JournalEntry, JournalLine
from pipelines.stages.documents import text_of
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Source:
    """One transaction behind a journal line; `cells` are the document's row as it is written.

    `gateway` is the account component of who else took the money.
    """

    transaction_id: str
    source_type: str
    description: str | None
    order_id: str | None
    sku: str | None
    posted_at: str
    amount: Decimal
    settlement_id: str
    part: str
    category: str
    currency: str
    document: str
    row: int
    file: str
    cells: dict[str, str] | None = None
    gateway: str | None = None


def sources(workspace: Workspace, connection: Connection, day: date) -> list[Source]:
    """Every transaction of a day, in order of document and row."""
    files = workspace.lake.partitions("transactions", connection.slug, [day])
    if not files:
        return []
    names = {m.document: m.name for m in workspace.lake.manifests(connection.slug)}
    with workspace.scratch("explain") as scratch, workspace.engine() as con:
        rows = con.execute(
            "SELECT transaction_id, source_type, description, order_id, sku, "
            "strftime(posted_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'), amount, "
            "settlement_id, CASE WHEN payout_id IS NULL THEN 'activity' ELSE 'payout' END, "
            f"category, currency, document, row FROM {scan(files)} "
            "ORDER BY document, row, transaction_id"
        ).fetchall()
        cells = _cells(workspace, connection, [(r[11], r[12], r[0]) for r in rows], con, scratch)
    words = {row[1] for row in rows if row[9] == GATEWAY}
    gateways = {c.source_type: through(c.gateway) for c in classify(connection.channel, words)}
    return [
        Source(*(*row, names.get(row[11], ""), cells.get(row[0]), gateways.get(row[1])))
        for row in rows
    ]


def _cells(
    workspace: Workspace,
    connection: Connection,
    lines: Iterable[tuple[str, int, str]],
    con: duckdb.DuckDBPyConnection,
    scratch: Path,
) -> dict[str, dict[str, str]]:
    """What each line's document says at its place, by name; `lines` are document, row and id."""
    wanted: dict[str, dict[str, int]] = defaultdict(dict)
    for document, row, transaction_id in lines:
        wanted[document][transaction_id] = row
    found: dict[str, dict[str, str]] = {}
    for manifest in workspace.lake.manifests(connection.slug):
        if places := wanted.get(manifest.document):
            text = text_of(workspace, manifest, scratch)
            relation = channel(manifest.channel).query(manifest, [manifest]).rows(text)
            in_rows = "row" in con.sql(relation).columns
            found |= (_rows if in_rows else _records)(con, relation, places)
    return found


def _rows(
    con: duckdb.DuckDBPyConnection, relation: str, places: Mapping[str, int]
) -> dict[str, dict[str, str]]:
    """The cells of a file's rows that hold something."""
    asked = con.execute(
        f"SELECT * FROM ({relation}) WHERE row IN (SELECT unnest($1::INTEGER[]))",
        [sorted(set(places.values()))],
    )
    names = [column[0] for column in asked.description or []]
    rows = [dict(zip(names, values, strict=True)) for values in asked.fetchall()]
    cells = {row.pop("row"): {k: str(v) for k, v in row.items() if v} for row in rows}
    return {line: cells[row] for line, row in places.items() if row in cells}


def _records(
    con: duckdb.DuckDBPyConnection, relation: str, places: Collection[str]
) -> dict[str, dict[str, str]]:
    """The records of an API's answers, by the number that is the middle of a line's id."""
    numbers = {line: line.partition(":")[2].partition(".")[0] for line in places}
    found = records(con, relation, set(numbers.values()))
    return {line: found[number] for line, number in numbers.items() if number in found}


def behind(line: JournalLine, entry: JournalEntry, day_sources: list[Source]) -> list[Source]:
    """The transactions that one line of an entry sums."""
    gateway = _gateway(line, entry)
    return [
        source
        for source in day_sources
        if source.currency == entry.currency
        and source.part == line.part
        and (
            source.settlement_id == line.settlement_id
            if line.category == CLEARING
            else source.category == line.category
            and line.settlement_id in {None, source.settlement_id}
            and gateway in {None, source.gateway}
        )
    ]


def _gateway(line: JournalLine, entry: JournalEntry) -> str | None:
    """What stands in a line's account where those of the entry's gateways differ."""
    if line.category != GATEWAY:
        return None
    accounts = {it.account for it in entry.lines if it.category == GATEWAY}
    parts = zip(*(account.split(":") for account in accounts), strict=True)
    places = [n for n, names in enumerate(parts) if len(set(names)) > 1]
    return line.account.split(":")[places[0]] if places else None
