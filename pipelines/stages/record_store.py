"""Records as they are stored: one file a day, upserted by the platform's own id of a record."""

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import orjson

from connectors.accounts.pseudonyms import pseudonym_secret
from connectors.accounts.setup import StreamName
from connectors.channels import channel
from connectors.channels.streams import Record, Stream
from connectors.database.registry import Connection
from connectors.errors import BadInput, Permanent
from connectors.lake.engine import quoted
from connectors.lake.windows import Window, midnight
from mappings.order_tables import UNDATED, raw_table
from pipelines.stages.partitions import scan, write_days
from pipelines.stages.workspace import Workspace

# What was made on a day stands in its file; products and contacts are of no day.
DATED: Final[tuple[StreamName, ...]] = ("orders", "payments")
_RAW: Final = tuple(raw_table(name).name for name in DATED)
# The longest record that is taken: an order of thousands of lines.
_LONGEST = 64 * 2**20


def check_whole(workspace: Workspace, slug: str, days: Collection[date]) -> None:
    """Raise `Permanent`, with what to do, where a stored file of some days was cut off."""
    for table in _RAW:
        for day in sorted(workspace.lake.cut_off(table, slug) & set(days)):
            raise Permanent(
                f"{table}/{slug}/{day}.parquet was cut off: read its records again with "
                f"`daybook sync {slug} --from {day} --to {day}`"
            )


def prepare_to_read_again(workspace: Workspace, connection: Connection, window: Window) -> None:
    """Have orders and payments of a window read again; files of it that were cut off go first."""
    slug = connection.slug
    for table in _RAW:
        for day in workspace.lake.cut_off(table, slug):
            if day in window:
                workspace.lake.drop(table, slug, day)
    begin = midnight(window.start, connection.timezone)
    workspace.registry.record_imports.rewind(slug, DATED, begin)


def as_lines(records: Sequence[Record]) -> bytes:
    """Return records as JSON, each on a line of its own."""
    return b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in records)


class RecordStore:
    """Storage of one stream's records; the caller holds the connection's lock."""

    def __init__(
        self, workspace: Workspace, connection: Connection, stream: Stream, first: date
    ) -> None:
        self._workspace, self._connection, self._stream = workspace, connection, stream
        self._first = first if stream.name in DATED else UNDATED
        self._table = raw_table(stream.name)
        self._secret = pseudonym_secret(workspace.settings, workspace.registry)
        self.changed = 0

    def upsert(self, pages: Sequence[bytes]) -> set[date]:
        """Upsert records, made lines by `as_lines`; return the days whose file is another one."""
        with self._workspace.scratch("records") as scratch, self._workspace.engine() as con:
            lines = scratch / "records.ndjson"
            with lines.open("wb") as file:
                file.writelines(pages)
            self._read(con, lines)
            return self._merge(con, scratch)

    def _read(self, con: duckdb.DuckDBPyConnection, lines: Path) -> None:
        """Make the table `incoming`: the fields that are stored, each record once."""
        stream = self._stream
        fields = {name: f'"{name}"' for name in stream.stored} | dict(stream.derived)
        stored = ", ".join(f'"{name}" := {value}' for name, value in fields.items())
        try:
            con.execute(
                _INCOMING.format(
                    connection=quoted(self._connection.slug),
                    zone=quoted(self._connection.timezone),
                    secret=quoted(self._secret),
                    structure=quoted(orjson.dumps(stream.fields).decode()),
                    lines=quoted(str(lines)),
                    longest=_LONGEST,
                    key=stream.key,
                    created=stream.created if stream.name in DATED else "NULL",
                    modified=stream.modified,
                    customer=stream.customer,
                    is_guest=stream.is_guest,
                    stored=stored,
                    first=quoted(str(self._first)),
                    undated=quoted(str(UNDATED)),
                )
            )
        except duckdb.ConversionException as error:
            title = channel(self._connection.channel).title
            reason = str(error).partition("\n")[0]
            raise BadInput(
                f"{self._connection.slug}: {title} answered {stream.name} that cannot be read "
                f"({reason}); nothing of them was stored"
            ) from error

    def _merge(self, con: duckdb.DuckDBPyConnection, scratch: Path) -> set[date]:
        lake, slug = self._workspace.lake, self._connection.slug
        rows = con.execute("SELECT DISTINCT business_date FROM incoming").fetchall()
        # Over a file that cannot be read, what came today would be all that is left of a day.
        check_whole(self._workspace, slug, [day for (day,) in rows])
        files = lake.partitions(self._table.name, slug, [day for (day,) in rows])
        source = (
            self._table.read_sql(scan(files, by_name=True)) if files else "(FROM incoming LIMIT 0)"
        )
        columns = self._table.select_list()
        con.execute(f"CREATE OR REPLACE TEMP TABLE stored AS SELECT {columns} FROM {source}")
        con.execute(_CHANGED)
        rows = con.execute("SELECT business_date, count(*) FROM changed GROUP BY 1").fetchall()
        days = {day for day, _ in rows}
        self.changed = sum(count for _, count in rows)
        write_days(con, lake, self._table, slug, days, _MERGED, scratch)
        return days


# Who bought is stored as a pseudonym: keyed, so that nobody can try mail addresses on it.
_INCOMING = """
CREATE OR REPLACE TEMP TABLE incoming AS
WITH parsed AS (
    SELECT unnest(from_json(json, {structure}))
    FROM read_ndjson_objects({lines}, maximum_object_size = {longest})
),
keyed AS (
    SELECT
        {connection} AS connection,
        CAST({key} AS VARCHAR) AS record_key,
        CAST({created} AS TIMESTAMPTZ) AS created_at,
        CAST({modified} AS TIMESTAMPTZ) AS modified_at,
        left(sha256(
            {secret} || chr(0) || {connection} || chr(0) || lower(CAST({customer} AS VARCHAR))
        ), 32) AS customer_key,
        coalesce({is_guest}, false) AS is_guest,
        'api' AS source,
        CAST(to_json(struct_pack({stored})) AS VARCHAR) AS record
    FROM parsed
),
dated AS (
    SELECT
        *,
        coalesce(CAST(timezone({zone}, created_at) AS DATE), CAST({undated} AS DATE))
            AS business_date
    FROM keyed
)
FROM dated
WHERE business_date >= CAST({first} AS DATE)
QUALIFY row_number() OVER (
    PARTITION BY record_key ORDER BY modified_at DESC NULLS LAST, record DESC
) = 1
"""
# An older state that comes late replaces nothing; the platform itself is nearer than a file of it.
_CHANGED = """
CREATE OR REPLACE TEMP TABLE changed AS
SELECT incoming.*
FROM incoming LEFT JOIN stored USING (record_key)
WHERE stored.record_key IS NULL OR (
    (incoming.record IS DISTINCT FROM stored.record
        OR incoming.modified_at IS DISTINCT FROM stored.modified_at)
    AND (incoming.modified_at >= stored.modified_at OR stored.modified_at IS NULL
        OR (incoming.source = 'api' AND stored.source <> 'api'))
)
"""
_MERGED = """
SELECT * FROM (
    SELECT * FROM stored WHERE record_key NOT IN (SELECT record_key FROM changed)
    UNION ALL BY NAME FROM changed
)
ORDER BY business_date, created_at, record_key
"""
