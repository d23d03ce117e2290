"""A seller's orders and listings, as Amazon's APIs about them answer.

Shapes: the models of Orders 2026-01-01 and Listings Items 2021-08-01. Nobody here is told what a
buyer is called: that takes a token of its own. An order that is pending has no prices. A listing
belongs to one marketplace, and no more than a thousand of a search can be paged through.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.amazon_money import AmazonMoney
from sandbox.amazon_sites import Site
from sandbox.sales import Earned, Listing, Sale, Sales, SoldItem

Item = dict[str, Any]
# Few, so that a test walks through several pages; Amazon's own are 100, 20 and 1,000.
_LISTINGS = 2
_PERSONAL = {"BUYER", "RECIPIENT"}
_STATUSES = {"pending": "PENDING", "paid": "UNSHIPPED", "cancelled": "CANCELLED"}
_REFUNDS = {"Refund", "Chargeback Refund"}


def earned(money: AmazonMoney) -> Iterator[Earned]:
    """Yield the price of every order that a settlement tells of, and what was given back."""
    for at, site, row in _principal(money):
        amount = Decimal(row["amount"])
        yield Earned(row["order-id"], at, amount, site.currency, row["sku"])


def number_of(place: int) -> str:
    """Return the number of an order that is placed at the emulator."""
    return f"204-{9_000_000 + place:07}-{place:07}"


def _principal(money: AmazonMoney) -> Iterator[tuple[datetime, Site, Mapping[str, str]]]:
    """Yield the lines of prices by now; those of an open settlement may be of later."""
    midnight = datetime.combine(money.today, time(), UTC)
    for at, site, row in money.events():
        group = (row["amount-type"], row["amount-description"])
        is_order = row["transaction-type"] in {"Order", *_REFUNDS}
        if is_order and group == ("ItemPrice", "Principal") and at < midnight:
            yield at, site, row


@dataclass
class AmazonFeeds:
    """The lists of one seller; `pages` are where tokens go on, and of which request each is.

    `most` listings can be paged through.
    """

    sales: Sales
    most: int = 1_000
    pages: dict[str, tuple[dict[str, str], int]] = field(default_factory=dict)

    def answer_orders(self, request: Request, money: AmazonMoney) -> Response:
        """Answer GET /orders/2026-01-01/orders."""
        query = dict(request.query_params)
        if _PERSONAL & set(query.get("includedData", "").split(",")):
            return _refused(403, "Unauthorized", "Access to requested resource is denied.")
        if ("createdAfter" in query) is ("lastUpdatedAfter" in query):
            return _refused(400, "InvalidInput", "Exactly one of createdAfter and lastUpdatedAfter")
        start = datetime.fromisoformat(query.get("lastUpdatedAfter", "2020-01-01T00:00:00Z"))
        end = datetime.fromisoformat(query.get("lastUpdatedBefore", "2099-01-01T00:00:00Z"))
        matches = self.sales.cached(
            "matches", (start, end), lambda: self._changed(money, start, end)
        )
        page = self._page(query, "paginationToken", matches, self.sales.largest)
        if isinstance(page, Response):
            return page
        shown, token = page
        more = {"pagination": {"nextToken": token}} if token else {}
        return JSONResponse({"orders": shown, **more}, headers=_RATE)

    def answer_listings(self, request: Request, money: AmazonMoney) -> Response:
        """Answer GET /listings/2021-08-01/items/{sellerId}: of one marketplace."""
        query = dict(request.query_params)
        sites = {site.id: place for place, site in enumerate(money.sites)}
        if query.get("marketplaceIds", "") not in {*sites, *_OTHERS}:
            return _refused(400, "InvalidInput", "marketplaceIds")
        place = sites.get(query["marketplaceIds"], -1)
        start = query.get("lastUpdatedAfter", "")
        distinct = {each.sku: each for each in reversed(self.sales.listings) if each.sku}
        listed = sorted(distinct.values(), key=lambda each: (each.changed_at, each.number))
        matches = [
            self._listing(each, query["marketplaceIds"])
            for each in listed
            if each.number % len(sites) == place and _iso(each.changed_at) >= start
        ]
        page = self._page(query, "pageToken", matches[: self.most], _LISTINGS)
        if isinstance(page, Response):
            return page
        shown, token = page
        more = {"pagination": {"nextToken": token}} if token else {}
        return JSONResponse({"numberOfResults": len(matches), "items": shown, **more})

    def _page(
        self, query: dict[str, str], parameter: str, matches: list[Item], size: int
    ) -> tuple[list[Item], str | None] | Response:
        token, start = query.pop(parameter, None), 0
        if token is not None:
            before, start = self.pages.get(token, ({}, 0))
            if before != query:
                return _refused(400, "InvalidInput", f"{parameter} is of another request")
        end, following = start + size, None
        if end < len(matches):
            following = secrets.token_urlsafe(16)
            self.pages[following] = (query, end)
        return matches[start:end], following

    def _changed(self, money: AmazonMoney, start: datetime, end: datetime) -> list[Item]:
        sites = {row["order-id"]: (site, row) for _, site, row in _principal(money)}
        return [
            self._order(sale, money.sites[0], sites.get(sale.number))
            for sale in self.sales.sales()
            if start <= sale.changed_at <= end
        ]

    def _order(self, sale: Sale, home: Site, row: tuple[Site, Mapping[str, str]] | None) -> Item:
        site, line = row or (home, {})
        is_priced = sale.progress != "pending"
        total = {"grandTotal": _money(sale, sale.total)}
        return {
            "orderId": sale.number,
            "createdTime": _iso(sale.made_at),
            "lastUpdatedTime": _iso(sale.changed_at),
            "programs": [],
            "salesChannel": {
                "channelName": "AMAZON",
                "marketplaceId": site.id,
                "marketplaceName": site.name,
            },
            "fulfillment": {
                "fulfillmentStatus": _STATUSES.get(sale.progress, "SHIPPED"),
                "fulfilledBy": "AMAZON",
            },
            **({"proceeds": total} if is_priced else {}),
            "orderItems": [
                _item(sale, item, line.get("order-item-code", f"9{place:013}"), is_priced=is_priced)
                for place, item in enumerate(sale.items)
            ],
        }

    def _listing(self, listing: Listing, marketplace: str) -> Item:
        price = {"currencyCode": self.sales.currency, "amount": f"{listing.price:.2f}"}
        channel = "AMAZON_EU" if listing.by_platform else "DEFAULT"
        return {
            "sku": listing.sku,
            "summaries": [
                {
                    "marketplaceId": marketplace,
                    "asin": f"B0{listing.number:08}",
                    "productType": "KITCHEN",
                    "conditionType": "new_new",
                    "status": ["BUYABLE", "DISCOVERABLE"] if listing.active else [],
                    "itemName": listing.title,
                    "createdDate": _iso(listing.changed_at - timedelta(days=90)),
                    "lastUpdatedDate": _iso(listing.changed_at),
                }
            ],
            "offers": [{"marketplaceId": marketplace, "offerType": "B2C", "price": price}],
            "fulfillmentAvailability": [{"fulfillmentChannelCode": channel, "quantity": 7}],
        }


# Marketplaces of the region in which the seller lists nothing.
_OTHERS = {"A13V1IB3VIYZZH", "A1VC38T7YXB528"}
_RATE = {"x-amzn-RateLimit-Limit": "0.0056"}


def _item(sale: Sale, item: SoldItem, number: str, *, is_priced: bool) -> Item:
    price = {"price": {"unitPrice": _money(sale, item.price)}} if is_priced else {}
    total = _money(sale, item.total)
    breakdowns = [{"type": "ITEM", "subtotal": total}]
    proceeds = {"proceedsTotal": total, "breakdowns": breakdowns}
    return {
        "orderItemId": number,
        "quantityOrdered": item.quantity,
        "product": {
            "asin": "B000000001",
            "title": f"Item {item.sku}",
            "sellerSku": item.sku,
            **price,
        },
        **({"proceeds": proceeds} if is_priced else {}),
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": item.quantity},
    }


def _money(sale: Sale, amount: Decimal) -> dict[str, str]:
    return {"currencyCode": sale.currency, "amount": f"{amount:.2f}"}


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message, "details": ""}]}, status)


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
