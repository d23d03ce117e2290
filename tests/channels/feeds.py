"""Reading a stream of a connected store by itself, without the stages around it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from threading import Event

from connectors.channels.streams import ReadRecords, Record
from connectors.channels.sync_context import SyncContext
from connectors.http.limits import NO_RETRY
from pipelines.stages.fetch import sync_context
from sandbox.sales import Sales
from tests.channels.stores import Store

EVER = datetime(1970, 1, 1, tzinfo=UTC)


def context_of(at: Store, *, patient: bool = True) -> SyncContext:
    """A context an hour after the platform's noon: later than whatever a test changes."""
    now = at.now + timedelta(hours=1)
    workspace, connection = at.house.workspace, at.house.connection
    context = sync_context(
        workspace, at.desk.accounts, connection, at.whole, at.money.first, now, (), Event()
    )
    return context if patient else replace(context, retry_policy=NO_RETRY)


def read_feed(
    at: Store, stream: str, since: datetime = EVER, *, patient: bool = True
) -> list[Record]:
    """All records of a stream; each page has passed by itself."""
    module = import_module(f"connectors.channels.{at.desk.name}.feeds")
    records: ReadRecords = getattr(module, f"read_{stream}")
    return [record for page in records(context_of(at, patient=patient), since) for record in page]


def sales_of(at: Store) -> Sales:
    accounts: dict[str, Sales] = at.desk.emulator.sales  # type: ignore[attr-defined]
    return accounts[at.account]
