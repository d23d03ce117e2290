"""Imports of orders from the exports that sellers download: records beside those of the API.

The file is not stored, because it names buyers: what is stored are its orders, upserted by order
and without personal data. Nothing of them is booked.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import duckdb

from connectors.channels.base import Channel
from connectors.channels.order_files import OrderFile
from connectors.channels.streams import Person
from connectors.database.registry import Connection
from connectors.database.registry.record_imports import RecordImport
from connectors.documents.order_exports import OrderExport
from connectors.errors import BadInput
from connectors.lake.windows import ONE_DAY, midnight
from mappings.order_tables import raw_table
from pipelines.stages.import_targets import LOCK_SECONDS, Target, connection_of
from pipelines.stages.partitions import scan
from pipelines.stages.privacy import PeopleImport
from pipelines.stages.record_store import RecordStore
from pipelines.stages.workspace import Workspace

_ORDERS: Final = "orders"


@dataclass(frozen=True, slots=True)
class ImportedOrders:
    """The result of one export: its orders, those that were new or other, days to normalise.

    `people` are the buyers whose names and addresses were sealed, as their owner chose; they are
    left out otherwise.
    """

    export: OrderExport
    changed: int
    days: tuple[date, ...]
    people: int


def import_orders(
    workspace: Workspace,
    source: Channel,
    target: Target,
    con: duckdb.DuckDBPyConnection,
    export: OrderExport,
    *,
    again: bool = False,
) -> ImportedOrders:
    """Store the orders of an export, `stated` in the engine that read it, and ask for their days.

    Raises `BadInput` for days that the home does not have, and for orders that another connection
    of the channel has, unless they are imported `again`.
    """
    now = datetime.now(UTC)
    stream = source.stream(_ORDERS)
    if stream is None:
        raise BadInput(f"{export.name}: Daybook reads no orders of {source.title}")
    _check_days(workspace, target, export, now)
    with workspace.registry.lock(f"records {target.slug}", LOCK_SECONDS):
        elsewhere = None if again else _elsewhere(workspace, source, target, con, export)
        if elsewhere is not None:
            raise BadInput(
                f"{export.name}: connection {elsewhere} has orders of it: import it there, or add "
                "--again if they belong to both"
            )
        connection = connection_of(workspace, source, target)
        store = RecordStore(workspace, connection, stream, export.first_day)
        days = store.upsert_stated(con, export.document, export.order_file.inferred)
        _note(workspace, connection, export, now)
        people = PeopleImport(workspace, connection, stream, now)
        sealed = people.store(_people(con, export.order_file)) if people.is_chosen else 0
    return ImportedOrders(export, store.changed, tuple(sorted(days)), sealed)


def _check_days(workspace: Workspace, target: Target, export: OrderExport, now: datetime) -> None:
    first = workspace.settings.first_day
    if export.first_day < first:
        raise BadInput(
            f"{export.name}: has orders from {export.first_day}, before {first}; set "
            "DAYBOOK_FIRST_DAY to an earlier day"
        )
    # A day read month first shows as a date far ahead.
    if export.last_day > now.astimezone(ZoneInfo(target.time_zone)).date() + ONE_DAY:
        raise BadInput(f"{export.name}: has orders of {export.last_day}, which is in the future")


def _elsewhere(
    workspace: Workspace,
    source: Channel,
    target: Target,
    con: duckdb.DuckDBPyConnection,
    export: OrderExport,
) -> str | None:
    """Return another connection of the channel that has an order of the export."""
    lake, table = workspace.lake, raw_table(_ORDERS).name
    for connection in workspace.registry.connections.list():
        if connection.channel != source.name or connection.slug == target.slug:
            continue
        days = {d for d in lake.days(table, connection.slug) if d >= export.first_day - ONE_DAY}
        files = lake.partitions(table, connection.slug, sorted(days))
        shared = (
            files
            and con.execute(
                f"SELECT 1 FROM {scan(files)} "
                "WHERE record_key IN (SELECT order_id FROM stated) LIMIT 1"
            ).fetchone()
        )
        if shared:
            return connection.slug
    return None


def _note(workspace: Workspace, connection: Connection, export: OrderExport, now: datetime) -> None:
    """Store which days have orders; how far an API was read is not a file's to say."""
    if connection.kind == "api":
        return
    imports = workspace.registry.record_imports
    before = imports.of_connection(connection.slug).get(_ORDERS)
    since = midnight(export.first_day, connection.timezone)
    imports.set(
        RecordImport(
            connection.slug,
            _ORDERS,
            since=min(since, before.since) if before else since,
            through=now,
            first_day=export.first_day,
            last_day=export.last_day,
        )
    )


def _people(con: duckdb.DuckDBPyConnection, order_file: OrderFile) -> list[Person]:
    """Return the buyers of an export, each as the last of their rows says."""
    if order_file.customer is None or not order_file.person:
        return []
    fields = {
        name: f"nullif(concat_ws('{' ' if name == 'name' else ', '}', {', '.join(columns)}), '')"
        for name, columns in order_file.person.items()
    }
    listed = ", ".join(f"max_by({sql}, row) FILTER ({sql} IS NOT NULL)" for sql in fields.values())
    rows = con.execute(
        f"SELECT {order_file.customer}, {listed} FROM document_rows "
        f"WHERE {order_file.customer} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    people = []
    for customer, *values in rows:
        filled = {name: value for name, value in zip(fields, values, strict=True) if value}
        if filled:
            people.append(Person(str(customer), filled))
    return people
