"""Records of a store: upserted, normalised by day, and free of personal data."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from connectors.accounts.keys import create_key
from connectors.accounts.setup import Imports, Setup, StreamChoice
from connectors.channels.streams import Stream
from connectors.channels.woocommerce.streams import ORDERS
from connectors.database.registry import Registry
from pipelines.stages.listings import normalise_listings
from pipelines.stages.partitions import scan
from pipelines.stages.record_store import RecordStore
from pipelines.stages.records import normalise_records
from pipelines.stages.results import DayResult
from tests.channels.house import House

NOW = datetime(2026, 4, 3, 12, tzinfo=UTC)
DAY = date(2026, 4, 1)


def order(number: int, **changes: Any) -> dict[str, Any]:
    """An order as WooCommerce lists it, with everything that must not be stored."""
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "GBP",
        "date_created_gmt": "2026-04-01T10:00:00",
        "date_modified_gmt": "2026-04-01T10:05:00",
        "date_paid_gmt": "2026-04-01T10:05:00",
        "total": "26.40",
        "total_tax": "4.40",
        "shipping_total": "2.00",
        "discount_total": "1.00",
        "payment_method": "stripe",
        "transaction_id": f"ch_{number}",
        "created_via": "checkout",
        "customer_id": 0,
        "customer_note": "please leave it with Marked Neighbour",
        "billing": {"first_name": "Marked", "email": "marked@example.com", "country": "GB"},
        "shipping": {"country": "IE", "address_1": "1 Marked Street"},
        "line_items": [
            {
                "id": 10 * number,
                "product_id": 7,
                "variation_id": 0,
                "name": "Mug",
                "sku": "MUG",
                "quantity": 2,
                "subtotal": "21.00",
                "total": "20.00",
                "total_tax": "4.00",
                "meta_data": [{"key": "engraving", "value": "Marked"}],
            }
        ],
        "refunds": [],
        **changes,
    }


def rows(house: House, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    lake = house.workspace.lake
    files = lake.partitions(table, "store", lake.days(table, "store"))
    if not files:
        return []
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(f"SELECT {columns} FROM {scan(files)} ORDER BY ALL").fetchall()


@pytest.fixture
def shop(registry: Registry, tmp_path: Any) -> House:
    house = House.build(registry, tmp_path / "home", channel="woocommerce")
    house.settings.key_file.parent.mkdir(mode=0o700, parents=True)
    create_key(house.settings)
    everything = StreamChoice(history=True, ongoing=True, since=NOW)
    imports = Imports(
        streams={name: everything for name in ("orders", "payments", "products", "contacts")}
    )
    registry.connections.set_setup(
        "store", Setup(step="done", imports=imports).model_dump(mode="json"), "ann"
    )
    return replace(house, connection=registry.connections.get("store"))


def store(house: House, stream: Stream = ORDERS) -> RecordStore:
    return RecordStore(house.workspace, house.connection, stream, date(2026, 1, 1))


def normalise(house: House, *days: date) -> list[DayResult]:
    return list(normalise_records(house.workspace, house.connection, days or [DAY]))


def test_an_order_becomes_rows_without_personal_data(shop: House) -> None:
    refunded = order(2, refunds=[{"id": 9, "reason": "Marked", "total": "-6.40"}])
    assert store(shop).upsert(
        [order(1), refunded, order(3, status="on-hold", date_paid_gmt=None)]
    ) == {DAY}
    results = normalise(shop)
    assert [r.failure for r in results if r.failure] == []
    assert {result.asset: result.metadata for result in results} == {
        "orders": {"dagster/row_count": 3},
        "order_lines": {"dagster/row_count": 3},
        "payments": {"dagster/row_count": 3},
    }
    assert rows(
        shop, "orders", "order_id, status, platform_status, total, refunded, ship_to, lines"
    ) == [
        ("1", "paid", "processing", Decimal("26.4000"), Decimal(0), "IE", 1),
        ("2", "partially_refunded", "processing", Decimal("26.4000"), Decimal("6.4000"), "IE", 1),
        ("3", "pending", "on-hold", Decimal("26.4000"), Decimal(0), "IE", 1),
    ]
    assert rows(shop, "order_lines", "order_id, sku, quantity, amount, discount, tax")[0] == (
        *("1", "MUG", 2, 20, 1, 4),
    )
    assert rows(shop, "payments", "payment_id, kind, amount") == [
        ("ch_1", "payment", Decimal("26.4000")),
        ("ch_2", "payment", Decimal("26.4000")),
        ("refund 9", "refund", Decimal("-6.4000")),
    ]
    # One buyer, by a pseudonym, as a guest.
    (key,) = {key for (key,) in rows(shop, "orders", "customer_key")}
    normalise_listings(shop.workspace, shop.connection)
    assert rows(shop, "contacts", "customer_key, kind") == [(key, "guest")]
    tables = ("raw_orders", "orders", "order_lines", "payments", "contacts")
    assert not any("arked" in str(rows(shop, table)) for table in tables)
