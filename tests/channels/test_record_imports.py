"""Orders, payments, products and contacts of every platform, from its emulator to the tables."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.accounts.setup import STREAMS, Setup, StreamChoice
from connectors.channels import CHANNELS
from connectors.home.settings import Settings
from pipelines.stages.listings import normalise_listings
from pipelines.stages.partitions import scan
from pipelines.stages.record_import import import_streams
from pipelines.stages.records import normalise_records
from sandbox.limits import CLOCK
from sandbox.sales import Sales
from tests.channels.feeds import sales_of
from tests.channels.stores import Store, store

IMPORTED = sorted(name for name, channel in CHANNELS.items() if channel.streams)
# Platforms tell less of an order's way than the emulated shop knows.
WORDS = {"square": {"shipped": "pending", "paid": "pending"}, "woocommerce": {"shipped": "paid"}}
# Amazon and TikTok Shop tell refunds elsewhere, WooCommerce's stand in its money alone.
WITHOUT_REFUNDS = {"amazon", "tiktok", "woocommerce"}
# Their totals hold tax and tips, of which the emulated sale knows nothing.
WITHOUT_TOTALS = {"square", "woocommerce"}
SENT = {"shipped": "sent", "completed": "sent"}


@pytest.fixture(params=IMPORTED)
def at(
    request: pytest.FixtureRequest,
    quick_home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Store]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with store(request.param, quick_home, tmp_path) as opened:
        registry, slug = opened.house.workspace.registry, opened.house.slug
        setup = Setup.model_validate(opened.house.connection.setup)
        everything = StreamChoice(history=True, ongoing=True, since=opened.now)
        streams = dict.fromkeys(STREAMS, everything)
        setup = setup.model_copy(
            update={"imports": setup.imports.model_copy(update={"streams": streams})}
        )
        registry.connections.set_setup(slug, setup.model_dump(mode="json"), "test")
        opened.house.connection = registry.connections.get(slug)
        yield opened


def imported(at: Store, minutes: int = 1) -> dict[str, Any]:
    """Import everything and normalise what it touches; what each stream brought."""
    workspace, connection = at.house.workspace, at.house.connection
    results = import_streams(workspace, connection, at.now + timedelta(minutes=minutes))
    normalise_listings(workspace, connection)
    days = workspace.registry.record_imports.waiting_days(connection.slug)
    outcome = list(normalise_records(workspace, connection, sorted(days)))
    assert [result.failure for result in outcome if result.failure] == []
    assert [c.problem for result in outcome for c in result.checks if c.problem] == []
    workspace.registry.record_imports.finish_days(connection.slug, days)
    return {name: result.changed for name, result in results.items()}


def rows(at: Store, table: str, columns: str) -> list[tuple[Any, ...]]:
    lake, slug = at.house.workspace.lake, at.house.slug
    files = lake.partitions(table, slug, lake.days(table, slug))
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(f"SELECT {columns} FROM {scan(files)} ORDER BY ALL").fetchall()


def numbers_of(sales: Sales) -> set[str]:
    return {sale.number for sale in sales.sales()}


def test_what_the_platform_has_is_what_the_tables_hold(at: Store) -> None:
    sales = sales_of(at)
    first = imported(at)
    # What was sold before the history is no part of it.
    made = [s for s in sales.sales() if s.made_at.date() >= at.money.first]
    assert first["orders"] >= len(made)
    words = SENT | WORDS.get(at.desk.name, {})
    stated = {
        key if key in numbers_of(sales) else number: (SENT.get(status, status), refunded, amount)
        for key, number, status, refunded, amount in rows(
            at, "orders", "order_id, order_number, status, refunded, total"
        )
    }
    assert stated.keys() == {sale.number for sale in made}
    for sale in made:
        status, refunded, amount = stated[sale.number]
        if at.desk.name in WITHOUT_TOTALS:
            amount = sale.total
        if at.desk.name in WITHOUT_REFUNDS and (refunded or sale.refunded):
            assert status in {"sent", "paid", "refunded", "partially_refunded"}, sale
            continue
        assert status == words.get(sale.progress, sale.progress), sale
        assert refunded == sale.refunded, sale
        assert amount == sale.total or (amount is None and status == "pending"), sale
    # Orders are those of the money: settlement lines find theirs.
    numbers = {number for row in rows(at, "orders", "order_id, order_number") for number in row}
    at.sync()
    at.books()
    assert {row["order_id"] for row in at.rows() if row["category"] == "sales.principal"} & numbers
    paid = rows(at, "payments", "sum(amount) FILTER (kind = 'payment'), count(*)")
    assert paid[0][1] >= len([s for s in made if s.is_paid]) // 2
    listed = rows(at, "products", "sku")
    assert len(listed) >= len(set(sales.skus))
    # Amazon does not say who buys.
    assert bool(rows(at, "contacts", "kind")) is (at.desk.name != "amazon")
    # Nothing has changed: nothing is written, and no day is asked for.
    again = imported(at, minutes=2)
    assert set(again.values()) == {0}
    placed = sales.place(progress="paid")
    sales.change(placed.number, "completed")
    assert imported(at, minutes=10)["orders"] == 1
    newest = rows(at, "orders", "order_id, order_number")
    assert any(placed.number in numbers for numbers in newest)
