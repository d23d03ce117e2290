"""A WooCommerce shop whose records are handed over by the test, without a platform."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.accounts.keys import create_key
from connectors.accounts.setup import Imports, Setup, StreamChoice
from connectors.channels.streams import Stream
from connectors.channels.woocommerce.streams import ORDERS
from connectors.database.registry import Registry
from pipelines.stages.partitions import scan
from pipelines.stages.record_store import RecordStore, as_lines
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


def sealed_house(registry: Registry, folder: Path, channel: str) -> House:
    """A home with a master key, which pseudonyms and people are sealed under."""
    house = House.build(registry, folder / "home", channel=channel)
    house.settings.key_file.parent.mkdir(mode=0o700, parents=True)
    create_key(house.settings)
    return house


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> House:
    house = sealed_house(registry, tmp_path, "woocommerce")
    everything = StreamChoice(history=True, ongoing=True, since=NOW)
    imports = Imports(
        streams={name: everything for name in ("orders", "payments", "products", "contacts")}
    )
    registry.connections.set_setup(
        "store", Setup(step="done", imports=imports).model_dump(mode="json"), "ann"
    )
    return replace(house, connection=registry.connections.get("store"))


def upsert(house: House, records: Sequence[Any], stream: Stream = ORDERS) -> set[date]:
    store = RecordStore(house.workspace, house.connection, stream, date(2026, 1, 1))
    return store.upsert([as_lines(records)])


def normalise(house: House, *days: date) -> list[DayResult]:
    return list(normalise_records(house.workspace, house.connection, days or [DAY]))
