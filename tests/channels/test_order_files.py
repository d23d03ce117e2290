"""Exports of orders that sellers download: each becomes rows, once, and names nobody.

A case is a file as the platform writes it, and the rows that it becomes. Everything in it that
names a buyer begins with `Marked`.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.accounts.setup import Imports, Setup, StreamChoice
from connectors.channels import CHANNELS
from connectors.channels.base import Channel
from connectors.channels.woocommerce.streams import ORDERS as WOO_STREAM
from connectors.database.registry import Registry
from connectors.documents.transcript import head_of
from connectors.errors import BadInput
from connectors.home.settings import Settings
from pipelines.stages.imports import import_file, open_connection
from pipelines.stages.order_imports import ImportedOrders
from pipelines.stages.partitions import scan
from pipelines.stages.privacy import export_person, find_people
from pipelines.stages.record_store import RecordStore, as_lines
from pipelines.stages.records import normalise_records
from pipelines.stages.workspace import Workspace
from tests.channels import order_exports
from tests.channels.examples import workbook, zipped
from tests.channels.export_cases import Case
from tests.channels.order_exports import CASES, ETSY_ORDERS
from tests.secrets_search import exposed
from tests.stages.test_records import order as api_order

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


@pytest.fixture
def opened(quick_home: Settings) -> Iterator[Workspace]:
    with Registry.open(quick_home) as registry:
        yield Workspace(quick_home, registry)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def shop(request: pytest.FixtureRequest, opened: Workspace, tmp_path: Path) -> Shop:
    case: Case = request.param
    return Shop(opened, CHANNELS[case.channel], case, tmp_path)


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


def test_two_exports_complete_each_other_in_any_order(opened: Workspace, tmp_path: Path) -> None:
    etsy = CHANNELS["etsy"]
    orders, items = (
        Shop(opened, etsy, case, tmp_path) for case in (ETSY_ORDERS, order_exports.ETSY_ITEMS)
    )
    other = replace(items, slug="other"), replace(orders, slug="other")
    for first, second in ((orders, items), other):
        for shop, changed in ((first, True), (second, True), (first, False), (second, False)):
            (imported,) = shop.take(shop.case.content, again=True)
            assert (imported.changed > 0) is changed
        first.normalise()
        # The word that only one of them has stays, and what only the other has is there too.
        assert plain(first.rows("orders", "order_id, platform_status, total, tax, lines")) == [
            ("3001", "completed / shipped", "1023.12", "0.62", 2),
            ("3002", "paid", "3", "0", 0),
        ]
        assert len(first.rows("order_lines", LINES)) == 2
        assert plain(first.rows("payments", "payment_id, amount"))[0] == ("receipt 3001", "1023.12")


def test_what_the_api_said_is_nearer_than_a_file(opened: Workspace, tmp_path: Path) -> None:
    shop = Shop(opened, CHANNELS["woocommerce"], order_exports.WOO_ORDERS, tmp_path)
    shop.take(shop.case.content)
    connection = opened.registry.connections.get(shop.slug)
    # By its own clock, order 71 is of the day before: it leaves the day that the file put it on.
    nearer = api_order(71, date_created_gmt="2026-03-31T22:59:59", total="27.00")
    store = RecordStore(opened, connection, WOO_STREAM, date(2026, 1, 1))
    assert store.upsert([as_lines([nearer])]) == {date(2026, 3, 31), date(2026, 4, 1)}
    assert [each.changed for each in shop.take(shop.case.content)] == [0]
    shop.normalise()
    assert plain(shop.rows("raw_orders", "record_key, business_date, length(source)")) == [
        ("71", "2026-03-31", 3),
        ("72", "2026-04-01", 64),
    ]


def test_names_are_sealed_where_their_owner_chose_it(opened: Workspace, tmp_path: Path) -> None:
    shop = Shop(opened, CHANNELS["shopify"], order_exports.SHOPIFY, tmp_path)
    registry = opened.registry
    registry.connections.add(
        "store", channel="shopify", name="S", timezone="UTC", kind="api", actor="ann"
    )
    everything = StreamChoice(history=True, ongoing=True, since=datetime(2026, 1, 1, tzinfo=UTC))
    imports = Imports(streams={"contacts": everything}, personal_data=True)
    setup = Setup(step="done", imports=imports).model_dump(mode="json")
    registry.connections.set_setup("store", setup, "ann")
    shop.case = replace(shop.case, time_zone="UTC")
    assert [imported.people for imported in shop.take(shop.case.content)] == [1]
    # What the API was read of is not touched by a file.
    assert registry.record_imports.of_connection("store") == {}
    (key,) = find_people(opened, "store", "marked@example.com")
    person = export_person(opened, "store", key)["personal_data"]
    assert person == {
        "name": "Marked Buyer",
        "email": "marked@example.com",
        "address": "1 Marked Street, IE",
    }
    url = opened.settings.database_url
    assert url is not None
    assert exposed(shop.case.secrets, opened.settings.home, url.get_secret_value()) == []


def _edited(old: str, new: str, case: Case = order_exports.SHOPIFY) -> bytes:
    assert old.encode() in case.content
    return case.content.replace(old.encode(), new.encode())


HEADER = order_exports.SHOPIFY.content.partition(b"\n")[0] + b"\n"
REFUSED = {
    "header only": (HEADER, "a header and no rows"),
    "column missing": (
        _edited(",Lineitem price,", ",Price,"),
        "column 'Lineitem price' is missing",
    ),
    "column doubled": (_edited(",Vendor,", ",Total,"), "column 'Total' occurs twice"),
    "no amount": (_edited(",1033.00,", ",many,"), "row 1: Total is not an amount"),
    "two marks": (_edited(",1033.00,", ',"1.033,00",'), "amounts mix . and , decimals"),
    "no date": (_edited("2026-04-02 10:00:00 +0100", "2.4.2026"), "is not a date that can be read"),
    "first row lost": (
        HEADER + b"#1001" + order_exports.SHOPIFY.content.split(b"#1001")[2],
        "rows of one order are not beside its first",
    ),
    "rows sorted": (
        _edited("2026-04-02 10:00:00 +0100", "").replace(b"#1002", b"#0002"),
        "rows of one order are not beside its first",
    ),
    "before the books": (_edited("2026-04-0", "1999-04-0"), "set DAYBOOK_FIRST_DAY"),
    "of the future": (_edited("2026-04-0", "2099-04-0"), "which is in the future"),
    "wider row": (
        _edited(",Shopify Payments,", ",Shopify,Payments,"),
        "row 1: Lineitem discount is not an amount",
    ),
}


def test_what_cannot_be_read_is_refused_in_one_line(opened: Workspace, tmp_path: Path) -> None:
    shop = Shop(opened, CHANNELS["shopify"], order_exports.SHOPIFY, tmp_path)
    for name, (content, words) in REFUSED.items():
        with pytest.raises(BadInput, match=words) as refused:
            shop.take(content)
        assert "\n" not in str(refused.value), name
        assert "Marked" not in str(refused.value), name
    assert opened.registry.connections.list() == []
    assert [p.name for p in opened.settings.home.rglob("*") if p.is_file()] == ["master.key"]


def test_an_export_is_one_channel_s_and_is_read_out_of_any_container(
    opened: Workspace, tmp_path: Path
) -> None:
    for case in CASES:
        head = head_of(case.content.decode("utf-8-sig"))
        assert [c.name for c in CHANNELS.values() if c.identify(head) is not None] == [case.channel]
    shop = Shop(opened, CHANNELS["shopify"], order_exports.SHOPIFY, tmp_path)
    text = io.StringIO(shop.case.content.decode(), newline="")
    sheet = workbook(list(csv.reader(text)))
    for changed, content in ((2, zipped(("orders.csv", shop.case.content))), (0, sheet)):
        assert [each.changed for each in shop.take(content)] == [changed]
