"""Records as they are stored: one file a day, upserted by the platform's own id of a record."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import duckdb
import orjson
import pyarrow as pa

from connectors.accounts.pseudonyms import pseudonym_secret, pseudonym_sql
from connectors.channels import channel
from connectors.channels.streams import Record, Stream
from connectors.database.registry import Connection
from connectors.errors import BadInput
from connectors.lake.engine import quoted
from mappings.order_tables import UNDATED, raw_table
from pipelines.stages.partitions import scan, write_days
from pipelines.stages.record_files import DATED, check_whole
from pipelines.stages.records import STATED
from pipelines.stages.workspace import Workspace

_STRUCTURE: Final = quoted(orjson.dumps(STATED).decode())


def as_lines(records: Sequence[Record]) -> bytes:
    """Return records as JSON, each on a line of its own."""
    return b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in records)


class RecordStore:
    """Storage of one stream's records, which asks for the days that it changes.

    The caller holds the connection's lock.
    """

    def __init__(
        self, workspace: Workspace, connection: Connection, stream: Stream, first: date
    ) -> None:
        self._workspace, self._connection, self._stream = workspace, connection, stream
        self._first = first if stream.name in DATED else UNDATED
        self._table = raw_table(stream.name)
        # Files and APIs may differ about an instant, and so about the day of an order at midnight.
        self._nearby = (-1, 0, 1) if stream.name == "orders" else (0,)
        self._secret = pseudonym_secret(workspace.settings, workspace.registry)
        self.changed = 0

    def upsert(self, pages: Sequence[bytes]) -> set[date]:
        """Upsert records, made lines by `as_lines`; return the days whose file is another one."""
        with self._workspace.scratch("records") as scratch, self._workspace.engine() as con:
            # In memory: records name people, and what is written to a disk may stay there.
            lines = [line for page in pages for line in page.splitlines()]
            con.register("lines", pa.table({"json": pa.array(lines, pa.string())}))
            try:
                self._read(con)
            finally:
                con.unregister("lines")
            return self._merge(con, scratch)

    def upsert_stated(
        self, con: duckdb.DuckDBPyConnection, source: str, inferred: Sequence[str]
    ) -> set[date]:
        """Upsert the orders of a file, `stated` in an engine; return the days that changed.

        `source` is the SHA-256 of the file. What the file does not say stays as another one said
        it, and so does a state where the file's is one of `inferred`; what the platform's API said
        is nearer, and stays whole.
        """
        with self._workspace.scratch("records") as scratch:
            con.execute(
                _STATED.format(
                    connection=quoted(self._connection.slug),
                    zone=quoted(self._connection.timezone),
                    customer_key=self._pseudonym("customer"),
                    source=quoted(source),
                    stored=", ".join(f'"{name}" := "{name}"' for name in STATED),
                    structure=_STRUCTURE,
                )
            )
            return self._merge(con, scratch, inferred)

    def _pseudonym(self, customer: str) -> str:
        return pseudonym_sql(self._secret, self._connection.slug, customer)

    def _read(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make the table `incoming`: the fields that are stored, each record once."""
        stream = self._stream
        fields = {name: f'"{name}"' for name in stream.stored} | dict(stream.derived)
        stored = ", ".join(f'"{name}" := {value}' for name, value in fields.items())
        try:
            con.execute(
                _INCOMING.format(
                    connection=quoted(self._connection.slug),
                    zone=quoted(self._connection.timezone),
                    structure=quoted(orjson.dumps(stream.fields).decode()),
                    key=stream.key,
                    created=stream.created if stream.name in DATED else "NULL",
                    modified=stream.modified,
                    customer_key=self._pseudonym(stream.customer),
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

    def _merge(
        self,
        con: duckdb.DuckDBPyConnection,
        scratch: Path,
        inferred: Sequence[str] | None = None,
    ) -> set[date]:
        """Put what is new of `incoming` in place; that of files completes what files said."""
        lake, slug = self._workspace.lake, self._connection.slug
        rows = con.execute("SELECT DISTINCT business_date FROM incoming").fetchall()
        near = {day + timedelta(days=n) for (day,) in rows for n in self._nearby}
        # Over a file that cannot be read, what came today would be all that is left of a day.
        check_whole(self._workspace, slug, near)
        files = lake.partitions(self._table.name, slug, sorted(near))
        source = (
            self._table.read_sql(scan(files, by_name=True)) if files else "(FROM incoming LIMIT 0)"
        )
        columns = self._table.select_list()
        con.execute(f"CREATE OR REPLACE TEMP TABLE stored AS SELECT {columns} FROM {source}")
        if inferred is not None:
            con.execute(_COMPLETED.format(structure=_STRUCTURE), [list(inferred)])
        con.execute(_CHANGED)
        rows = con.execute("SELECT business_date, count(*) FROM changed GROUP BY 1").fetchall()
        moved = con.execute(_MOVED).fetchall()
        days = {day for day, *_ in (*rows, *moved)}
        self.changed = sum(count for _, count in rows)
        # Before: whoever is killed leaves no stored day without its request, because the same
        # records are no change next time. After: a run may have taken the first request meanwhile.
        self._request(days)
        write_days(con, lake, self._table, slug, days, _MERGED, scratch)
        self._request(days)
        return days

    def _request(self, days: set[date]) -> None:
        if self._stream.name in DATED:
            imports = self._workspace.registry.record_imports
            imports.request_days(self._connection.slug, days)


# Who bought is stored as a pseudonym: keyed, so that nobody can try mail addresses on it.
_INCOMING = """
CREATE OR REPLACE TEMP TABLE incoming AS
WITH parsed AS (
    SELECT unnest(from_json(json, {structure}))
    FROM lines
),
keyed AS (
    SELECT
        {connection} AS connection,
        CAST({key} AS VARCHAR) AS record_key,
        CAST({created} AS TIMESTAMPTZ) AS created_at,
        CAST({modified} AS TIMESTAMPTZ) AS modified_at,
        {customer_key} AS customer_key,
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
_STATED = """
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT
    {connection} AS connection,
    order_id AS record_key,
    CAST(timezone({zone}, created_at) AS DATE) AS business_date,
    created_at,
    updated_at AS modified_at,
    {customer_key} AS customer_key,
    coalesce(is_guest, false) AS is_guest,
    {source} AS source,
    CAST(to_json(from_json(to_json(struct_pack({stored})), {structure})) AS VARCHAR) AS record
FROM stated
"""
# Etsy's exports of orders and of their items each say a part. An order keeps the day it stands on.
_COMPLETED = """
UPDATE incoming SET
    created_at = stored.created_at,
    business_date = stored.business_date,
    customer_key = coalesce(incoming.customer_key, stored.customer_key),
    record = CASE WHEN stored.source = 'api' THEN incoming.record ELSE CAST(to_json(from_json(
        json_merge_patch(stored.record, json_merge_patch('{{}}', incoming.record), CASE
            WHEN list_contains($1, incoming.record->>'$.platform_status')
                AND NOT list_contains($1, stored.record->>'$.platform_status')
            THEN json_object('platform_status', stored.record->>'$.platform_status')
            ELSE '{{}}'
        END), {structure}
    )) AS VARCHAR) END
FROM stored
WHERE stored.record_key = incoming.record_key
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
    AND (incoming.source = 'api' OR stored.source <> 'api')
)
"""
_MOVED = """
SELECT DISTINCT stored.business_date
FROM stored JOIN changed USING (record_key)
WHERE stored.business_date <> changed.business_date
"""
_MERGED = """
SELECT * FROM (
    SELECT * FROM stored WHERE record_key NOT IN (SELECT record_key FROM changed)
    UNION ALL BY NAME FROM changed
)
ORDER BY business_date, created_at, record_key
"""
