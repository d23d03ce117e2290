"""One document as a channel's SQL reads it: rows, lines, categories, settlements, variables."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.encodings import write_decoded
from connectors.documents.macros import define
from connectors.documents.manifest import Manifest
from connectors.documents.spreadsheets import ENCODING, write_sheet
from connectors.lake.engine import arrow_table
from mappings.channels import classify
from mappings.channels.queries import sql
from mappings.channels.source_types import fixed_source_type, fixed_source_types_sql
from mappings.journal.config import MappingConfig
from mappings.tables import TRANSACTIONS
from pipelines.stages.workspace import Workspace

# Columns that a document has one value for: added last, they cost nothing to carry.
SAME_ON_EVERY_LINE = ("connection", "channel", "currency", "document")


def prepare(
    workspace: Workspace,
    connection: Connection,
    manifest: Manifest,
    manifests: Sequence[Manifest],
    mapping: MappingConfig,
    con: duckdb.DuckDBPyConnection,
    scratch: Path,
) -> str:
    """Define what a channel's `transactions.sql` reads, for one document; the SQL of its lines."""
    source = channel(manifest.channel)
    text = text_of(workspace, manifest, scratch)
    query = source.query(manifest, manifests)
    con.execute(f"CREATE OR REPLACE TEMP VIEW document_rows AS {query.rows(text)}")
    variables = {
        "connection": manifest.connection,
        "channel": manifest.channel,
        "document": manifest.document,
        "prefix": manifest.prefix,
        "time_zone": connection.timezone,
        "currency": manifest.currency,
        **query.variables,
    }
    define(con, manifest.dialect, **variables)
    _load_categories(con, manifest, mapping)
    _load_settlements(con, manifest)
    return query.lines_sql


def canonical(con: duckdb.DuckDBPyConnection, channel: str, lines: str) -> pa.Table:
    """Return a prepared document's canonical lines, without columns that have a single value."""
    # Not a view of the lines: it would be planned when it is made, and again here.
    rows = arrow_table(
        con,
        f"WITH lines AS ({fixed_source_types_sql(lines)}) "
        f"SELECT {TRANSACTIONS.select_list(omit=SAME_ON_EVERY_LINE)} "
        f"FROM ({sql(channel, 'transactions')})",
    )
    # Few documents need the second query, which reads all lines once more.
    if not _withholds(con):
        return rows
    con.register("staged", rows.append_column("position", pa.arange(0, rows.num_rows)))
    changed = arrow_table(con, sql(channel, "withheld"))
    con.unregister("staged")
    for column in changed.column_names:
        rows = rows.set_column(rows.schema.get_field_index(column), column, changed[column])
    return rows


def _withholds(con: duckdb.DuckDBPyConnection) -> bool:
    """Return whether tax withheld on some lines of the document decides the category of others."""
    answer = con.execute(
        "SELECT count(if_withheld) > 0 AND count(*) FILTER (category = 'tax.facilitator_out') > 0 "
        "FROM categories"
    ).fetchall()
    return answer == [(True,)]


def text_of(workspace: Workspace, manifest: Manifest, scratch: Path) -> Path:
    """Return a file that DuckDB can read: the stored document, or a UTF-8 copy of it."""
    if manifest.dialect.encoding in {"utf-8", "utf-8-sig"}:
        return workspace.lake.document_path(manifest.connection, manifest.document)
    content = workspace.lake.read_document(manifest.connection, manifest.document)
    copy = scratch / f"{manifest.document}.txt"
    encoding = manifest.dialect.encoding
    if encoding.startswith(ENCODING):
        title = encoding.removeprefix(ENCODING)
        write_sheet(manifest.name, content, copy, lambda sheet, _path: sheet == title)
    else:
        write_decoded(content, encoding, copy)
    return copy


def _load_categories(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, mapping: MappingConfig
) -> None:
    classified = classify(
        manifest.channel,
        {fixed_source_type(source_type.name): None for source_type in manifest.source_types},
        mapping.source_types.get(manifest.channel),
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE categories (source_type VARCHAR, category VARCHAR, "
        "if_positive VARCHAR, if_withheld VARCHAR, assumed BOOLEAN)"
    )
    # One statement: a statement a row takes longer than reading a small document.
    con.execute(
        "INSERT INTO categories SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5)",
        [
            [c.source_type for c in classified],
            [c.category for c in classified],
            [c.if_positive for c in classified],
            [c.if_withheld for c in classified],
            [c.assumed for c in classified],
        ],
    )


def _load_settlements(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE settlements (settlement_id VARCHAR, marketplace VARCHAR, "
        "row INTEGER, deposit_at TIMESTAMPTZ, deposit_day DATE, payout DECIMAL(19,4))"
    )
    rows = [
        [s.settlement_id, s.marketplace, s.row, s.deposit_at, s.deposit_day, s.payout]
        for s in manifest.settlements
        # A settlement that is still open has no line that closes it.
        if s.payout is not None
    ]
    if rows:
        con.executemany("INSERT INTO settlements VALUES ($1, $2, $3, $4, $5, $6)", rows)
