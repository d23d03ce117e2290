"""From a journal line to its transactions, and from those to document and row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from connectors.channels import channel
from connectors.registry import Connection
from mappings.model import JournalEntry, JournalLine
from pipelines.stages.documents import text_of
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Source:
    """One transaction behind a journal line; `cells` are the document's row as it is written."""

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


def sources(workspace: Workspace, connection: Connection, day: date) -> list[Source]:
    """Every transaction of a day, in order of document and row."""
    files = workspace.lake.partitions("transactions", connection.slug, [day])
    if not files:
        return []
    names = {m.document: m.name for m in workspace.lake.manifests(connection.slug)}
    with workspace.scratch("explain") as scratch:
        rows = (
            workspace.engine(scratch)
            .execute(
                "SELECT transaction_id, source_type, description, order_id, sku, "
                "strftime(posted_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'), amount, "
                "settlement_id, CASE WHEN payout_id IS NULL THEN 'activity' ELSE 'payout' END, "
                f"category, currency, document, row FROM {scan(files)} "
                "ORDER BY document, row, transaction_id"
            )
            .fetchall()
        )
        cells = _cells(workspace, connection, {(row[11], row[12]) for row in rows}, scratch)
    return [Source(*(*row, names.get(row[11], ""), cells.get((row[11], row[12])))) for row in rows]


def _cells(
    workspace: Workspace, connection: Connection, wanted: Iterable[tuple[str, int]], scratch: Path
) -> dict[tuple[str, int], dict[str, str]]:
    """The cells of document rows that hold something, by column name."""
    rows: dict[str, set[int]] = {}
    for document, row in wanted:
        rows.setdefault(document, set()).add(row)
    found: dict[tuple[str, int], dict[str, str]] = {}
    con = workspace.engine(scratch)
    for manifest in workspace.lake.manifests(connection.slug):
        if manifest.document not in rows:
            continue
        relation = channel(manifest.channel).rows(manifest, text_of(workspace, manifest, scratch))
        cursor = con.execute(
            f"SELECT * FROM ({relation}) WHERE row IN (SELECT unnest($1::INTEGER[]))",
            [sorted(rows[manifest.document])],
        )
        names = [column[0] for column in cursor.description or []]
        for values in cursor.fetchall():
            cells = dict(zip(names, values, strict=True))
            number = cells.pop("row")
            found[manifest.document, number] = {k: str(v) for k, v in cells.items() if v}
    return found


def behind(line: JournalLine, entry: JournalEntry, day_sources: list[Source]) -> list[Source]:
    """The transactions that one line of an entry sums."""
    return [
        source
        for source in day_sources
        if source.currency == entry.currency
        and source.part == line.part
        and (
            source.settlement_id == line.settlement_id
            if line.category == "clearing"
            else source.category == line.category
            and line.settlement_id in {None, source.settlement_id}
        )
    ]
