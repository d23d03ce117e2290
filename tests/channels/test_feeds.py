"""Orders, products and contacts of every platform: each once, and what changed by when it did."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from connectors.channels.streams import Record
from connectors.errors import ConfigError, RateLimited, Transient
from connectors.home.settings import Settings
from sandbox.amazon import Amazon
from sandbox.limits import CLOCK
from sandbox.sales import Sale, Sales, SoldItem
from sandbox.shopify import Shopify
from tests.channels.feeds import read_feed, sales_of
from tests.channels.stores import Store, store


@dataclass(frozen=True)
class Feed:
    """How a channel's records tell their numbers; `orders` are those of the emulated sales.

    `lines` are an order's SKUs, one a line. A stream in `unfiltered` is read whole every time.
    """

    order: Callable[[Record], str]
    lines: Callable[[Record], list[str | None]]
    product: Callable[[Record], list[str | None]]
    contact: Callable[[Record], str] | None = None
    listed: Callable[[Sales], list[str | None]] = lambda sales: [o.sku for o in sales.listings]
    unfiltered: frozenset[str] = frozenset()
    is_sale: Callable[[Record], bool] = lambda _record: True
    by_unit: bool = False


FEEDS = {
    "amazon": Feed(
        order=lambda r: r["orderId"],
        lines=lambda r: [item["product"]["sellerSku"] for item in r["orderItems"]],
        product=lambda r: [r["sku"]],
        # No SKU twice, and none without.
        listed=lambda sales: list(sales.skus),
    ),
    "ebay": Feed(
        order=lambda r: r["orderId"],
        lines=lambda r: [line["sku"] for line in r["lineItems"]],
        product=lambda r: [r["sku"]],
        # Every item of the inventory has a SKU of its own.
        listed=lambda sales: list(sales.skus),
        unfiltered=frozenset({"products"}),
    ),
    "etsy": Feed(
        order=lambda r: str(r["receipt_id"]),
        lines=lambda r: [line["sku"] for line in r["transactions"]],
        product=lambda r: [each["sku"] or None for each in r["inventory"]["products"]],
    ),
    "shopify": Feed(
        order=lambda r: r["name"],
        lines=lambda r: [line["sku"] for line in r["lineItems"]["nodes"]],
        product=lambda r: [v["sku"] for v in r["variants"]["nodes"]],
        contact=lambda r: r["id"].rpartition("/")[2],
    ),
    "square": Feed(
        order=lambda r: r["id"],
        is_sale=lambda r: "returns" not in r,
        lines=lambda r: [each["catalog_object_id"][4:] for each in r["line_items"]],
        product=lambda r: [
            each["item_variation_data"].get("sku") for each in r["item_data"]["variations"]
        ],
        contact=lambda r: r["id"].removeprefix("CUST"),
    ),
    "tiktok": Feed(
        order=lambda r: r["id"],
        lines=lambda r: [line["seller_sku"] for line in r["line_items"]],
        product=lambda r: [sku["seller_sku"] or None for sku in r["skus"]],
        by_unit=True,
    ),
    "walmart": Feed(
        order=lambda r: r["purchaseOrderId"],
        lines=lambda r: [line["item"]["sku"] for line in r["orderLines"]["orderLine"]],
        product=lambda r: [r["sku"]],
        # No SKU twice, and none without.
        listed=lambda sales: list(sales.skus),
        unfiltered=frozenset({"products"}),
    ),
    "woocommerce": Feed(
        order=lambda r: r["number"],
        lines=lambda r: [line["sku"] for line in r["line_items"]],
        product=lambda r: [] if r["type"] == "variable" else [r["sku"] or None],
        contact=lambda r: str(r["id"]),
    ),
}


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are over at once, by everybody's clock."""
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)


@pytest.fixture(params=sorted(FEEDS))
def at(request: pytest.FixtureRequest, quick_home: Settings, tmp_path: Path) -> Iterator[Store]:
    with store(request.param, quick_home, tmp_path) as opened:
        yield opened


def lines_of(sale: Sale, feed: Feed) -> list[str | None]:
    """The SKUs of an order's lines; a platform may have a line for every unit."""
    return [i.sku for i in sale.items for _ in range(i.quantity if feed.by_unit else 1)]


def numbers(sales: Sales) -> list[str]:
    return sorted(sale.number for sale in sales.sales())


def test_everything_is_read_once_and_a_change_by_when_it_was_made(at: Store) -> None:
    feed, sales = FEEDS[at.desk.name], sales_of(at)
    orders = [record for record in read_feed(at, "orders") if feed.is_sale(record)]
    assert sorted(map(feed.order, orders)) == numbers(sales)
    skus = {feed.order(order): feed.lines(order) for order in orders}
    assert skus == {sale.number: lines_of(sale, feed) for sale in sales.sales()}
    assert any(len(lines) > len(set(lines)) for lines in skus.values())
    listed = [sku for record in read_feed(at, "products") for sku in feed.product(record)]
    assert sorted(map(str, listed)) == sorted(map(str, feed.listed(sales)))

    before = sales.place(buyer=sales.buyers[0].number)
    placed = sales.place(*(SoldItem(f"SKU-{n}", 1, Decimal(n)) for n in range(1, 13)))
    oldest = next(s for s in sales.sales() if s.progress in {"completed", "paid"})
    changed = sales.change(oldest.number, "refunded")
    recent = {
        feed.order(r): feed.lines(r)
        for r in read_feed(at, "orders", placed.made_at)
        if feed.is_sale(r)
    }
    assert recent[placed.number] == [item.sku for item in placed.items]
    assert changed.number in recent
    assert before.number not in recent or "orders" in feed.unfiltered
    assert len(recent) < 10 or "orders" in feed.unfiltered

    listing = sales.reprice(1, Decimal("99.50"))
    offers = [feed.product(record) for record in read_feed(at, "products", listing.changed_at)]
    assert any(listing.sku in skus for skus in offers)
    assert len(offers) < len(sales.listings) or "products" in feed.unfiltered
    if feed.contact is not None:
        assert sorted(map(feed.contact, read_feed(at, "contacts"))) == [
            b.number for b in sales.buyers
        ]
        buyer = sales.register("Dot", "Reed")
        newest = list(map(feed.contact, read_feed(at, "contacts", buyer.changed_at)))
        assert buyer.number in newest
        assert len(newest) == 1 or "contacts" in feed.unfiltered
    assert not at.desk.emulator.limits.refused


def test_payments_of_their_own_are_those_of_the_orders(at: Store) -> None:
    module = import_module(f"connectors.channels.{at.desk.name}.feeds")
    assert hasattr(module, "read_payments") is (at.desk.name == "square")
    if at.desk.name != "square":
        return
    sales = sales_of(at)
    payments = read_feed(at, "payments")
    assert len({payment["id"] for payment in payments}) == len(payments)
    paid = {p["order_id"] for p in payments if p["status"] == "COMPLETED"}
    assert paid == {sale.number for sale in sales.sales() if sale.is_paid}
    placed = sales.place()
    assert {p["order_id"] for p in read_feed(at, "payments", placed.made_at)} >= {placed.number}


def test_a_platform_that_breaks_off_is_an_error_and_no_short_list(at: Store) -> None:
    faults = at.desk.emulator.application
    for script in (["503"], [None, "503"], [None, "cut"]):
        faults.script = iter(script)
        with pytest.raises((Transient, RateLimited)):
            read_feed(at, "orders", patient=False)


def test_no_request_names_what_a_person_is_called(at: Store) -> None:
    calls = len(at.exchanges)
    read_feed(at, "orders")
    requests: list[Any] = [e.body + e.query for e in at.exchanges[calls:]]
    # WooCommerce tells its guests apart by nothing but their mail addresses.
    requests = [request.replace(b"billing.email", b"") for request in requests]
    for word in (b"firstName", b"email", b"phone", b"first_name", b"restrictedDataToken"):
        assert not any(word in request for request in requests), word


def test_listings_beyond_the_last_page_that_amazon_gives_are_searched_for(
    quick_home: Settings, tmp_path: Path
) -> None:
    with store("amazon", quick_home, tmp_path) as at:
        sales, amazon = sales_of(at), at.desk.emulator
        assert isinstance(amazon, Amazon)
        amazon.feeds[at.account].most = 3
        for number in range(11, 27, 2):
            sales.listings.append(replace(sales.listings[0], number=number, sku=f"CUP-{number}"))
            sales.reprice(number, Decimal(number))
        skus = [record["sku"] for record in read_feed(at, "products")]
        assert sorted(skus) == sorted({str(o.sku) for o in sales.listings if o.sku})


def test_orders_come_without_customers_where_shopify_protects_them(
    quick_home: Settings, tmp_path: Path
) -> None:
    with store("shopify", quick_home, tmp_path) as at:
        shopify = at.desk.emulator
        assert isinstance(shopify, Shopify)
        shopify.protecting.add(at.account)
        orders = read_feed(at, "orders")
        assert sorted(order["name"] for order in orders) == numbers(sales_of(at))
        assert not any("customer" in order for order in orders)
        with pytest.raises(ConfigError, match="scope"):
            read_feed(at, "contacts")


def test_more_orders_than_walmart_answers_are_read_in_halves(
    quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.channels.walmart.feeds.MOST", 20)
    with store("walmart", quick_home, tmp_path) as at:
        read = sorted(record["purchaseOrderId"] for record in read_feed(at, "orders"))
        assert read == numbers(sales_of(at))


def test_many_orders_of_a_shop_come_as_files(
    quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store("shopify", quick_home, tmp_path) as at:
        sales, shopify = sales_of(at), at.desk.emulator
        assert isinstance(shopify, Shopify)
        since = at.now - timedelta(days=60)
        sales.place(*(SoldItem(f"SKU-{n}", 1, Decimal(n)) for n in range(1, 13)))
        paged = {order["name"]: order for order in read_feed(at, "orders", since)}
        monkeypatch.setattr("connectors.channels.shopify.feeds.FEW", 5)
        monkeypatch.setattr("connectors.channels.shopify.feeds.MOST", 30)
        orders = read_feed(at, "orders", since)
        assert sorted(order["name"] for order in orders) == numbers(sales)
        assert len(shopify.bulk.operations) > 1
        for order in orders:
            in_pages = paged[order["name"]]
            assert order["lineItems"]["nodes"] == in_pages["lineItems"]["nodes"]
            assert {**order, "lineItems": None} == {**in_pages, "lineItems": None}

        shopify.protecting.add(at.account)
        assert not any("customer" in order for order in read_feed(at, "orders", since))
        shopify.bulk.refuses = True
        assert sorted(order["name"] for order in read_feed(at, "orders", since)) == numbers(sales)
        shopify.bulk.refuses, shopify.bulk.fails = False, "INTERNAL_SERVER_ERROR"
        with pytest.raises(Transient, match="broke off"):
            read_feed(at, "orders", since)
