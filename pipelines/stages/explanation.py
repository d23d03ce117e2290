"""Explanations of journal lines: their transactions, and each one's document and row."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.api_documents import records
from connectors.lake.engine import quoted
from mappings.model import ACTIVITY, CARRIED_FORWARD, CLEARING, JournalEntry, JournalLine
from pipelines.stages.documents import text_of
from pipelines.stages.entry_lines import load_by_day, paid_elsewhere
from pipelines.stages.journal_tables import load_mapping
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.partitions import scan_lines
from pipelines.stages.store import Store
from pipelines.stages.tax_consignments import tax_sources
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Source:
    """One transaction behind a journal line; `cells` are the document's row as it is written.

    `account` and `tax_code` are those of the mapping in effect on its day; `tax` is what rules of
    tax decided (treatment, country, region, rate), `tax_posts` the category of tax split off its
    amount.
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
    account: str | None
    tax_code: str | None
    tax: tuple[str | None, str | None, str | None, Decimal | None]
    tax_posts: str | None
    file: str
    cells: dict[str, str] | None = None


_SOURCES = """
SELECT
    t.transaction_id, t.source_type, t.description, t.order_id, t.sku,
    strftime(t.posted_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'), t.amount, t.settlement_id,
    CASE WHEN t.payout_id IS NULL THEN 'activity' ELSE 'payout' END,
    t.category, t.currency, t.document, t.row,
    replace(
        coalesce(
            o.account,
            CASE
                WHEN t.category = 'tax.seller_collected' AND t.tax_posts = 'tax.oss' THEN x.account
            END,
            a.account
        ),
        '{gateway}', coalesce(g.component, 'Other')
    ),
    coalesce(o.tax_code, a.tax_code, t.treatment_code),
    t.tax_treatment, t.tax_country, t.tax_region, t.tax_rate,
    CASE t.tax_method
        WHEN 'contained' THEN t.tax_posts WHEN 'self_accounted' THEN 'tax.self_accounted'
    END
FROM taxed AS t
JOIN accounts AS a USING (category)
LEFT JOIN accounts AS x ON x.category = t.tax_posts
LEFT JOIN overrides AS o ON o.number = t.override
LEFT JOIN gateways AS g USING (source_type)
ORDER BY t.document, t.row, t.transaction_id
"""


def sources(
    workspace: Workspace, connection: Connection, day: date, settlement: str | None = None
) -> list[Source]:
    """Return every transaction of a day's entries, in order of document and row.

    With a settlement those of the entry of it that is dated on the day: its own of that month.
    """
    lake, slug = workspace.lake, connection.slug
    first = day if settlement is None else day.replace(day=1)
    present = lake.days("transactions", slug)
    files = lake.partitions("transactions", slug, [d for d in present if first <= d <= day])
    if not files:
        return []
    lines = f"FROM {scan_lines(files)}"
    # An entry has one mapping, that of its day.
    ((mapping, _),) = mappings_in_effect(workspace.registry, slug, [day])
    if settlement is not None:
        lines = f"{lines} WHERE settlement_id = {quoted(settlement)}"
    elif mapping.mode == "settlement":
        lines = paid_elsewhere(Store.read(workspace, connection), lines)
    names = {m.document: m.name for m in lake.manifests(slug)}
    with workspace.scratch("explain") as scratch, workspace.engine() as con:
        load_by_day(con, lines)
        load_mapping(con, connection, mapping, tax_sources(workspace, slug))
        rows = con.execute(_SOURCES).fetchall()
        cells = _cells(workspace, connection, [(r[11], r[12], r[0]) for r in rows], con, scratch)
    return [_source(row, names.get(row[11], ""), cells.get(row[0])) for row in rows]


def _source(row: tuple[Any, ...], file: str, cells: dict[str, str] | None) -> Source:
    *facts, treatment, country, region, rate, posts = row
    return Source(*(*facts, (treatment, country, region, rate), posts, file, cells))


def _cells(
    workspace: Workspace,
    connection: Connection,
    lines: Iterable[tuple[str, int, str]],
    con: duckdb.DuckDBPyConnection,
    scratch: Path,
) -> dict[str, dict[str, str]]:
    """Return each line's cells in its document, by name; `lines` are document, row and id."""
    rows_by_document: dict[str, dict[str, int]] = defaultdict(dict)
    for document, row, transaction_id in lines:
        rows_by_document[document][transaction_id] = row
    cells: dict[str, dict[str, str]] = {}
    for manifest in workspace.lake.manifests(connection.slug):
        if rows := rows_by_document.get(manifest.document):
            text = text_of(workspace, manifest, scratch)
            relation = channel(manifest.channel).query(manifest, [manifest]).rows(text)
            # A file is cited by its row; an API document by the number of a record in it.
            in_rows = "row" in con.sql(relation).columns
            cells |= (_rows if in_rows else _records)(con, relation, rows)
    return cells


def _rows(
    con: duckdb.DuckDBPyConnection, relation: str, rows: Mapping[str, int]
) -> dict[str, dict[str, str]]:
    """Return the cells of a file's rows that are not empty."""
    cursor = con.execute(
        f"SELECT * FROM ({relation}) WHERE row IN (SELECT unnest($1::INTEGER[]))",
        # Several lines may stand in one row, which is read once.
        [sorted(set(rows.values()))],
    )
    names = [column[0] for column in cursor.description or []]
    records = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    cells = {record.pop("row"): {k: str(v) for k, v in record.items() if v} for record in records}
    return {line: cells[row] for line, row in rows.items() if row in cells}


def _records(
    con: duckdb.DuckDBPyConnection, relation: str, lines: Collection[str]
) -> dict[str, dict[str, str]]:
    """Return the records of an API document, by the number that is the middle of a line's id."""
    numbers = {line: line.partition(":")[2].partition(".")[0] for line in lines}
    by_number = records(con, relation, set(numbers.values()))
    return {line: by_number[number] for line, number in numbers.items() if number in by_number}


def behind(line: JournalLine, entry: JournalEntry, day_sources: list[Source]) -> list[Source]:
    """Return the transactions that one line of an entry sums, or whose tax it is."""
    # A category on one line is all of it, whatever mapping is saved meanwhile.
    is_split = sum(_of_one_kind(line, other) for other in entry.lines) > 1
    return [
        source
        for source in day_sources
        if source.currency == entry.currency
        and source.part == line.part
        and _is_summed(line, source, is_split=is_split)
    ]


def _is_summed(line: JournalLine, source: Source, *, is_split: bool) -> bool:
    # What an earlier month carried forward is no transaction of the entry.
    is_carried = line.category == CARRIED_FORWARD and line.part == ACTIVITY
    if line.category == CLEARING or (is_carried and line.settlement_id and line.transactions):
        return source.settlement_id == line.settlement_id
    tax = (line.tax_treatment, line.tax_country, line.tax_region, line.tax_rate)
    # Lines that sum no transaction hold the tax of other lines.
    if not line.transactions:
        due = "tax.self_accounted" if line.category == "tax.self_deducted" else line.category
        return source.tax == tax and source.tax_posts == due
    if source.category != line.category or line.settlement_id not in {None, source.settlement_id}:
        return False
    return not is_split or (
        (source.account, source.tax_code, source.tax) == (line.account, line.tax_code, tax)
    )


def _of_one_kind(line: JournalLine, other: JournalLine) -> bool:
    """Return whether two lines differ in nothing but account and tax."""
    kind = (line.part, line.category, line.settlement_id)
    return kind == (other.part, other.category, other.settlement_id)
