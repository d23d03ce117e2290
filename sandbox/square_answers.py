"""The answers of Square's API about a merchant's money: lists, their pages and cursors, refusals.

Shapes: Square's OpenAPI document. A list is of the main location unless one is named, and a cursor
is good for the same query alone.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.square_feeds import SquareFeeds
from sandbox.square_money import SquareMoney
from sandbox.square_orders import refusal


def payouts(money: SquareMoney, request: Request) -> Response:
    """Answer GET /v2/payouts."""
    return _listed(money, request, "payouts", money.payouts)


def entries(money: SquareMoney, request: Request) -> Response:
    """Answer GET /v2/payouts/{payout_id}/payout-entries; a SIMPLE one has none."""
    number = request.path_params["number"]
    if number not in {p["id"] for p in money.payouts}:
        return refusal(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "The payout is not known.")
    matches = [e for e in money.entries if e.get("payout_id") == number]
    matches.sort(key=lambda e: (e["effective_at"], e["id"]))
    return _page(request, "payout_entries", matches, money.largest)


def payments(money: SquareMoney, feeds: SquareFeeds, request: Request) -> Response:
    """Answer GET /v2/payments."""
    return _listed(money, request, "payments", [*money.payments, *feeds.payments()])


def refunds(money: SquareMoney, request: Request) -> Response:
    """Answer GET /v2/refunds."""
    return _listed(money, request, "refunds", money.refunds)


def one(money: SquareMoney, request: Request) -> Response:
    """Answer GET /v2/payments/{payment_id} or /v2/refunds/{refund_id}."""
    number, payment = request.path_params["number"], "/payments/" in request.url.path
    matches = [i for i in (money.payments if payment else money.refunds) if i["id"] == number]
    if not matches:
        return refusal(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "Could not find it.")
    return JSONResponse({"payment" if payment else "refund": matches[0]})


async def orders(money: SquareMoney, request: Request) -> Response:
    """POST /v2/orders/batch-retrieve; an order that is not known is left out."""
    requested = (await request.json()).get("order_ids") or []
    if not 0 < len(requested) <= 100:
        return refusal(400, "INVALID_REQUEST_ERROR", "INVALID_ARRAY_LENGTH", "1 to 100.")
    return JSONResponse({"orders": [money.orders[n] for n in requested if n in money.orders]})


def _listed(
    money: SquareMoney, request: Request, what: str, items: list[dict[str, Any]]
) -> Response:
    """Return a list of the main location unless one is named, and of its dates."""
    parameters = request.query_params
    location = parameters.get("location_id", money.locations[0])
    if location not in money.locations:
        return refusal(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "No such location.")
    begins = _instant(parameters.get("begin_time", "2025-01-01T00:00:00Z"))
    ends = _instant(parameters.get("end_time", "2027-01-01T00:00:00Z"))
    updated = _instant(parameters.get("updated_at_begin_time", "2020-01-01T00:00:00Z"))
    field = parameters.get("sort_field", "CREATED_AT").lower()
    newest_first = parameters.get("sort_order", "DESC") == "DESC"

    def searched() -> list[dict[str, Any]]:
        matches = [
            item
            for item in items
            if item["location_id"] == location
            and begins <= _instant(item["created_at"]) < ends
            and updated <= _instant(item["updated_at"])
        ]
        return sorted(matches, key=lambda i: (i[field], i["id"]), reverse=newest_first)

    query = (location, begins, ends, updated, field, newest_first)
    return _page(request, what, _remembered(money, what, items, query, searched), money.largest)


def _remembered(
    money: SquareMoney,
    what: str,
    items: list[dict[str, Any]],
    query: object,
    searched: Callable[[], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """Return what the last query of this list found, until one is added."""
    key, matches = money.listings.get(what, (None, []))
    if key != (query, len(items)):
        matches = searched()
        money.listings[what] = ((query, len(items)), matches)
    return matches


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _page(request: Request, what: str, matches: list[dict[str, Any]], largest: int) -> Response:
    """Return a page, and a cursor that is good for the same query alone."""
    parameters = {k: v for k, v in request.query_params.items() if k != "cursor"}
    query = hashlib.sha256(
        repr((request.url.path, sorted(parameters.items()))).encode()
    ).hexdigest()
    offset, cursor = 0, request.query_params.get("cursor")
    if cursor is not None:
        stated, _, place = cursor.partition(".")
        if stated != query[:16] or not place.isdigit():
            return refusal(400, "INVALID_REQUEST_ERROR", "INVALID_CURSOR", "Invalid cursor.")
        offset = int(place)
    limit = min(int(parameters.get("limit", 100)), 100, largest)
    answer: dict[str, Any] = {what: matches[offset : offset + limit]} if matches else {}
    if offset + limit < len(matches):
        answer["cursor"] = f"{query[:16]}.{offset + limit}"
    return JSONResponse(answer)
