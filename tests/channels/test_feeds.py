"""Orders, products and contacts of every platform: each once, and what changed by when it did."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.channels.streams import Record
from connectors.errors import RateLimited, Transient
from connectors.home.settings import Settings
from sandbox.limits import CLOCK
from sandbox.sales import Sales, SoldItem
from tests.channels.feeds import read_feed
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
    unfiltered: frozenset[str] = frozenset()


FEEDS = {
    "shopify": Feed(
        order=lambda r: r["name"],
        lines=lambda r: [line["sku"] for line in r["lineItems"]["nodes"]],
        product=lambda r: [v["sku"] for v in r["variants"]["nodes"]],
        contact=lambda r: r["id"].rpartition("/")[2],
    ),
    "woocommerce": Feed(
        order=lambda r: r["number"],
        lines=lambda r: [line["sku"] for line in r["line_items"]],
        product=lambda r: [] if r["type"] == "variable" else [r["sku"] or None],
        contact=lambda r: str(r["id"]),
    ),
}


@pytest.fixture(params=sorted(FEEDS))
def at(
    request: pytest.FixtureRequest,
    quick_home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Store]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with store(request.param, quick_home, tmp_path) as opened:
        yield opened


def sales_of(at: Store) -> Sales:
    accounts: dict[str, Sales] = at.desk.emulator.sales  # type: ignore[attr-defined]
    return accounts[at.account]


def numbers(sales: Sales) -> list[str]:
    return sorted(sale.number for sale in sales.sales())


def test_everything_is_read_once_and_a_change_by_when_it_was_made(at: Store) -> None:
    feed, sales = FEEDS[at.desk.name], sales_of(at)
    orders = read_feed(at, "orders")
    assert sorted(map(feed.order, orders)) == numbers(sales)
    skus = {feed.order(order): feed.lines(order) for order in orders}
    assert skus == {s.number: [i.sku for i in s.items] for s in sales.sales()}
    assert any(len(lines) > len(set(lines)) for lines in skus.values())
    listed = [sku for record in read_feed(at, "products") for sku in feed.product(record)]
    assert sorted(map(str, listed)) == sorted(str(each.sku) for each in sales.listings)

    before = sales.place(buyer=sales.buyers[0].number)
    placed = sales.place(*(SoldItem(f"SKU-{n}", 1, Decimal(n)) for n in range(1, 13)))
    oldest = next(s for s in sales.sales() if s.progress in {"completed", "paid"})
    changed = sales.change(oldest.number, "refunded")
    recent = {feed.order(r): feed.lines(r) for r in read_feed(at, "orders", placed.made_at)}
    assert recent[placed.number] == [item.sku for item in placed.items]
    assert changed.number in recent
    assert before.number not in recent or "orders" in feed.unfiltered
    assert len(recent) < 10 or "orders" in feed.unfiltered

    listing = sales.reprice(1, Decimal("99.50"))
    fresh = [feed.product(record) for record in read_feed(at, "products", listing.changed_at)]
    assert any(listing.sku in skus for skus in fresh)
    assert len(fresh) < len(sales.listings) or "products" in feed.unfiltered
    if feed.contact is not None:
        assert sorted(map(feed.contact, read_feed(at, "contacts"))) == [
            b.number for b in sales.buyers
        ]
        buyer = sales.register("Dot", "Reed")
        newest = list(map(feed.contact, read_feed(at, "contacts", buyer.changed_at)))
        assert buyer.number in newest
        assert len(newest) == 1 or "contacts" in feed.unfiltered
    assert not at.desk.emulator.limits.refused


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
