"""How far records are read: what stays when somebody is killed, breaks off, or cuts a file."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from connectors.accounts.setup import Imports, Setup, StreamChoice
from connectors.channels.woocommerce.streams import ORDERS, PRODUCTS
from connectors.database.registry.record_imports import RecordImport
from connectors.errors import Permanent, Transient
from mappings.order_tables import UNDATED
from pipelines.stages.record_files import drop_cut_off
from pipelines.stages.record_import import LOOKBACK, changes_since, import_stream
from tests.channels.house import House
from tests.stages.record_shop import DAY, NOW, normalise, order, rows, shop, upsert

__all__ = ["shop"]


@dataclass(frozen=True)
class Now:
    """As much of a sync's context as a stream without a platform reads."""

    now: datetime


def test_what_was_read_before_a_platform_breaks_off_stays(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(context: Any, since: datetime) -> Any:
        if since > NOW - timedelta(days=7):
            yield [order(2)]
            raise Transient("the platform breaks off")
        yield [order(1)]

    monkeypatch.setattr("pipelines.stages.record_import.sync_context", lambda *_: Now(NOW))
    stream = replace(ORDERS, read=read, windowed=True)
    with pytest.raises(Transient):
        import_stream(shop.workspace, shop.connection, stream, NOW - timedelta(days=10), NOW)
    # Read from the second stretch on next time, although some of it is here.
    imports = shop.workspace.registry.record_imports
    assert imports.of_connection("store")["orders"].through == NOW - timedelta(days=3)
    assert imports.waiting_days("store").keys() == {DAY}
    assert rows(shop, "raw_orders", "record_key") == [("1",)]


def test_who_is_killed_before_a_day_is_stored_has_asked_for_it(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.stages.record_store.write_days", killed)
        with pytest.raises(KeyboardInterrupt):
            upsert(shop, [order(1)])
    imports = shop.workspace.registry.record_imports
    first = imports.waiting_days("store")
    assert first.keys() == {DAY}
    # A run that has begun before the day is stored does not take its request off.
    upsert(shop, [order(1)])
    imports.finish_days("store", first)
    assert imports.waiting_days("store").keys() == {DAY}


def test_how_far_a_stream_is_read_decides_where_it_goes_on(shop: House) -> None:
    registry, workspace = shop.workspace.registry, shop.workspace

    def since(choice: StreamChoice, **before: datetime) -> datetime | None:
        document = Setup(step="done", imports=Imports(streams={"orders": choice}))
        registry.connections.set_setup("store", document.model_dump(mode="json"), "ann")
        connection = registry.connections.get("store")
        read = RecordImport("store", "orders", **before) if before else None
        return changes_since(workspace, connection, ORDERS, read, NOW)

    week, begin = timedelta(days=7), NOW - timedelta(days=21)
    coming = StreamChoice(ongoing=True, since=NOW)
    assert since(coming) == NOW
    # It was off for a week: what changed meanwhile is no gap in what is said to be read.
    assert since(coming, since=begin, through=NOW - week) == NOW - week - LOOKBACK
    past = StreamChoice(history=True, since=NOW)
    first = since(past)
    assert first is not None
    # A history that was broken off is read on to where it was chosen, and then no further.
    assert since(past, since=first, through=NOW - week) == NOW - week - LOOKBACK
    assert since(past, since=first, through=NOW) is None
    # What was left out before the first day that was read is caught up on.
    assert since(past, since=NOW, through=NOW) == first


def test_what_a_platform_tells_while_it_is_read_is_read_again(shop: House) -> None:
    imports = shop.workspace.registry.record_imports
    for asked_at, left in ((NOW - LOOKBACK, None), (NOW + LOOKBACK, NOW + LOOKBACK)):
        imports.set(RecordImport("store", "orders", since=NOW, through=NOW - LOOKBACK))
        imports.ask({"store"}, asked_at)
        imports.set(RecordImport("store", "orders", since=NOW, through=NOW))
        assert imports.of_connection("store")["orders"].asked_at == left


def test_a_day_whose_records_were_cut_off_fails_alone_and_keeps_what_it_had(shop: House) -> None:
    other = date(2026, 4, 2)
    upsert(shop, [order(1), order(2, date_created_gmt="2026-04-02T10:00:00")])
    normalise(shop, DAY, other)
    lake = shop.workspace.lake
    raw = lake.partition("raw_orders", "store", DAY)
    raw.write_bytes(raw.read_bytes()[:-9])
    before = lake.partition("orders", "store", DAY).read_bytes()
    results = normalise(shop, DAY, other)
    (failure,) = (result.failure for result in results if result.failure)
    assert failure.endswith("`daybook sync store --from 2026-04-01 --to 2026-04-01`")
    assert {result.day for result in results if not result.failure} == {other}
    assert lake.partition("orders", "store", DAY).read_bytes() == before
    # Nothing of the day is stored over what cannot be read.
    with pytest.raises(Permanent, match="was cut off"):
        upsert(shop, [order(3)])
    # Of listings and customers the platform has all: such a file goes, and they are read anew.
    upsert(shop, [{"id": 1, "sku": "MUG", "date_modified_gmt": "2026-04-01T10:00:00"}], PRODUCTS)
    listed = lake.partition("raw_products", "store", UNDATED)
    listed.write_bytes(listed.read_bytes()[:-9])
    assert drop_cut_off(shop.workspace, "store", "products")
    assert not listed.exists()
    assert not drop_cut_off(shop.workspace, "store", "products")
