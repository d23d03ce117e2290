"""Exports of orders that sellers download: each becomes rows, once, and names nobody.

A case is a file as the platform writes it, and the rows that it becomes. Everything in it that
names a buyer begins with `Marked`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.channels import CHANNELS
from connectors.channels.base import Channel
from connectors.database.registry import Registry
from connectors.errors import BadInput
from connectors.home.settings import Settings
from pipelines.stages.imports import import_file, open_connection
from pipelines.stages.order_imports import ImportedOrders
from pipelines.stages.partitions import scan
from pipelines.stages.records import normalise_records
from pipelines.stages.workspace import Workspace
from tests.channels.order_exports import CASES, Case
from tests.secrets_search import exposed

ORDERS = (
    "order_id, order_number, strftime(placed_at, '%m-%d %H:%M'), business_date, status, "
    "platform_status, currency, total, shipping, tax, discount, refunded, ship_to, lines"
)
LINES = "order_id, line_id, sku, listing_id, title, quantity, amount, discount, tax"
PAYMENTS = "payment_id, order_id, kind, status, method, amount"


@dataclass
class Shop:
    """A home with one connection of files."""

    workspace: Workspace
    channel: Channel
    case: Case
    folder: Path
    slug: str = "store"

    def take(self, content: bytes, **options: Any) -> list[ImportedOrders]:
        path = self.folder / self.case.file
        path.write_bytes(content)
        target = open_connection(
            self.workspace, self.channel, self.slug, timezone=self.case.time_zone, name=None
        )
        return list(import_file(self.workspace, self.channel, target, path, **options))

    def normalise(self) -> list[str | None]:
        connection = self.workspace.registry.connections.get(self.slug)
        days = sorted(self.workspace.registry.record_imports.waiting_days(self.slug))
        results = list(normalise_records(self.workspace, connection, days))
        assert [r.failure for r in results if r.failure] == []
        return [check.problem for result in results for check in result.checks if check.problem]

    def rows(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        lake = self.workspace.lake
        files = lake.partitions(table, self.slug, lake.days(table, self.slug))
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            return con.execute(f"SELECT {columns} FROM {scan(files)} ORDER BY ALL").fetchall()


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def shop(request: pytest.FixtureRequest, quick_home: Settings, tmp_path: Path) -> Iterator[Shop]:
    case: Case = request.param
    with Registry.open(quick_home) as registry:
        yield Shop(Workspace(quick_home, registry), CHANNELS[case.channel], case, tmp_path)


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows as a case states them: figures and days as text, without zeros at the end."""
    return [tuple(_plain(cell) for cell in row) for row in rows]


def _plain(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    return str(cell) if cell is not None and not isinstance(cell, str | int) else cell


def test_an_export_becomes_rows_once_and_names_nobody(shop: Shop) -> None:
    case, home = shop.case, shop.workspace.settings.home
    key = {p for p in home.rglob("*") if p.is_file()}
    # Cut within its last row: refused in one line, and nothing is there afterwards.
    last = case.content.rstrip().rpartition(b"\n")[2]
    with pytest.raises(BadInput) as refused:
        shop.take(case.content.rstrip()[: -len(last) // 2])
    assert "\n" not in str(refused.value)
    assert "download it again" in str(refused.value)
    assert "Marked" not in str(refused.value)
    assert shop.workspace.registry.connections.find(shop.slug) is None
    assert {p for p in home.rglob("*") if p.is_file()} == key

    (first,) = shop.take(case.content)
    assert (first.changed, first.export.orders) == (len(case.orders), len(case.orders))
    assert shop.normalise() == []
    assert plain(shop.rows("orders", ORDERS)) == case.orders
    assert plain(shop.rows("order_lines", LINES)) == case.lines
    assert plain(shop.rows("payments", PAYMENTS)) == case.payments
    assert {f"{v.normalize():f}" for v in first.export.totals.values()} == set(case.totals)

    before = {p: p.stat().st_mtime_ns for p in home.rglob("*.parquet")}
    assert [(again.changed, again.days) for again in shop.take(case.content)] == [(0, ())]
    assert {p: p.stat().st_mtime_ns for p in before} == before
    url = shop.workspace.settings.database_url
    assert url is not None
    assert exposed(case.secrets, home, url.get_secret_value()) == []
