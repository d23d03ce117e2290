"""Lists of a WooCommerce store as its REST API answers them: filters, pages, fields, refusals.

What it ignores here, WooCommerce ignores too: parameters that it does not know.
"""

import operator
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.woocommerce_feeds import WooSales, listed_of
from sandbox.woocommerce_money import WooMoney

STATUSES = {
    "any", "trash", "auto-draft", "pending", "processing", "on-hold", "completed", "cancelled",
    "refunded", "failed", "checkout-draft",
}  # fmt: skip
_HIDDEN = {"trash", "auto-draft"}
_MONEY = {
    "total", "subtotal", "total_tax", "subtotal_tax", "discount", "discount_tax", "tax_total",
    "shipping_tax_total", "amount",
}  # fmt: skip
_FILTERS = (
    ("after", "date_created", operator.gt),
    ("before", "date_created", operator.lt),
    ("modified_after", "date_modified", operator.gt),
    ("modified_before", "date_modified", operator.lt),
)
NO_ROUTE = "No route was found matching the URL and request method."
# Shared hosts allow less than WooCommerce does.
LARGEST = 40


def answered(money: WooMoney, sales: WooSales, route: str, query: Mapping[str, str]) -> Response:
    """Return what the store says to a route under `wc/v3/`."""
    parts = route.split("/")
    if parts[0] == "payments" and money.payments == "working":
        return _payments(money, parts[1], query)
    if parts[0] == "payments" and money.payments != "rest_no_route":
        return error(500, money.payments, "Site is not connected to WordPress.com")
    if route == "orders":
        return _orders(money, sales, query)
    items = listed_of(sales, route, query)
    items = _refunds(money, parts) if items is None else items
    return error(404, "rest_no_route", NO_ROUTE) if items is None else _listed(money, items, query)


def _refunds(money: WooMoney, parts: Sequence[str]) -> list[dict[str, Any]] | None:
    """Return the refunds of all orders, or of one; None for any other route."""
    if parts == ["refunds"] and not money.old:
        return money.refunds
    if parts[0] != "orders" or parts[2:] != ["refunds"]:
        return None
    own = [refund for refund in money.refunds if str(refund["parent_id"]) == parts[1]]
    return [{k: v for k, v in refund.items() if k != "parent_id"} for refund in own]


def error(status: int, code: str, message: str, **more: Any) -> Response:
    """Return a refusal as WordPress writes it."""
    return JSONResponse(
        {"code": code, "message": message, "data": {"status": status} | more}, status
    )


def only(query: Mapping[str, str], whole: Mapping[str, Any]) -> dict[str, Any]:
    """Apply WordPress's `_fields`, one level deep where a name has a dot."""
    requested = [name.split(".", 1) for name in query.get("_fields", "").split(",") if name]
    if not requested:
        return dict(whole)
    matches: dict[str, Any] = {}
    for name, *inner in requested:
        if name in whole:
            value = whole[name]
            # Several fields of one object are named one by one.
            part = {k: value[k] for k in inner if k in value}
            matches[name] = {**matches.get(name, {}), **part} if inner else value
    return matches


def _orders(money: WooMoney, sales: WooSales, query: Mapping[str, str]) -> Response:
    requested = set(query.get("status", "any").split(","))
    if not requested <= STATUSES:
        return _invalid("status", f"status[0] is not one of {', '.join(sorted(STATUSES))}.")
    shown = requested | (STATUSES - _HIDDEN if "any" in requested else set())
    listed = [o for o in sales.orders() if o["status"] in shown]
    if query.get("include"):
        listed = [o for o in listed if str(o["id"]) in query["include"].split(",")]
    return _listed(money, listed, query)


def _listed(
    money: WooMoney, items: Sequence[Mapping[str, Any]], query: Mapping[str, str]
) -> Response:
    size = int(query.get("per_page", 10))
    if not 1 <= size <= 100:
        return _invalid("per_page", "per_page must be between 1 (inclusive) and 100 (inclusive)")
    size, page = min(size, LARGEST), int(query.get("page", 1))
    suffix = "_gmt" if query.get("dates_are_gmt") == "true" else ""
    matches = list(items)
    for name, dated, holds in _FILTERS:
        if name in query:
            when, bound = f"{dated}{suffix}", query[name]
            matches = [item for item in matches if holds(item[when], bound)]
    by = operator.itemgetter(query.get("orderby", "id"))
    matches.sort(key=by, reverse=query.get("order") != "asc")
    shown = [
        only(query, _written(item, query)) for item in matches[(page - 1) * size : page * size]
    ]
    total, pages = len(matches) + money.busy, -(-len(matches) // size)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    return JSONResponse(shown, headers={} if money.shy else headers)


def _written(item: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a record with the decimals and the notes that were requested."""
    notes = query.get("include_meta", "").split(",")
    written: dict[str, Any] = _decimals(item, int(query.get("dp", 2)))
    if notes != [""]:
        written["meta_data"] = [n for n in item["meta_data"] if n["key"] in notes]
    return written


def _decimals(value: Any, digits: int, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _decimals(inner, digits, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_decimals(inner, digits) for inner in value]
    if name in _MONEY and isinstance(value, str) and "." in value:
        whole, _, rest = value.partition(".")
        return f"{whole}.{rest.ljust(digits, '0')}"
    return value


def _payments(money: WooMoney, what: str, query: Mapping[str, str]) -> Response:
    # The one parameter that WooPayments insists on (its REST documents).
    if what == "deposits" and "sort" not in query:
        return error(400, "rest_missing_callback_param", "Missing parameter(s): sort")
    listed = {"deposits": money.deposits, "transactions": money.moves}.get(what)
    if listed is None:
        return error(404, "rest_no_route", NO_ROUTE)
    matches = [
        item
        for item in listed
        if query.get("deposit_id", item.get("deposit_id")) == item.get("deposit_id")
        and query.get("date_after", "") < _day(item)
        and _day(item) < query.get("date_before", "9")
    ]
    matches.sort(key=_day, reverse=query.get("direction") != "asc")
    size, page = min(int(query.get("pagesize", 25)), 100), int(query.get("page", 1))
    answer = {"data": matches[(page - 1) * size : page * size]}
    return JSONResponse(answer | ({"total_count": len(matches)} if what == "deposits" else {}))


def _day(item: Mapping[str, Any]) -> str:
    """Return when a deposit or a transaction is dated, as filters are written."""
    if isinstance(item["date"], str):
        return item["date"]
    return datetime.fromtimestamp(item["date"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _invalid(name: str, why: str) -> Response:
    return error(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: why})
