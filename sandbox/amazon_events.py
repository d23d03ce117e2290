"""Amazon's Finances API 2024-06-19: transactions as they come to light, settled or not.

Shapes: the Finances model. A transaction's breakdowns are a tree whose ends make its total. An
order's item breaks the same down further, to the parts of a fee, and the transaction itself stops
at groups. The status is written in either case, a page may be empty while another follows, and a
page may begin with what the one before it ended with. Some of the money was deferred: it is told
when that began, and again when it is released. Transfers pay out what is settled.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.amazon_files import Line
from sandbox.amazon_money import AmazonMoney
from sandbox.amazon_sites import Site

# Small, so that a few days make several pages.
LARGEST = 25
_WORDS = {
    ("ItemPrice", "Principal"): "OurPricePrincipal",
    ("ItemPrice", "Tax"): "OurPriceTax",
    ("Promotion", "Principal"): "OurPriceDiscount",
    ("other-transaction", "Previous Reserve Amount Balance"): "ReserveCredit",
    ("other-transaction", "Current Reserve Amount"): "ReserveDebit",
}
_GROUPS = {
    "ItemPrice": "ProductCharges",
    "ItemFees": "AmazonFees",
    "ItemWithheldTax": "Tax",
    "Promotion": "PromoRebates",
}
_TYPES = {"Order": "Shipment", "Chargeback Refund": "Chargeback"}


@dataclass
class EventDesk:
    """Lists of transactions; `pages` are where tokens go on, and what was asked with them."""

    pages: dict[str, tuple[dict[str, str], int]] = field(default_factory=dict)

    def listed(self, request: Request, money: AmazonMoney) -> Response:
        """Answer GET /transactions: a page of what was posted between two instants."""
        query = dict(request.query_params)
        token = query.pop("nextToken", None)
        if set(query) != {"postedAfter", "postedBefore"}:
            return _refused("postedAfter is required")
        offset = 0
        if token is not None:
            before, offset = self.pages.get(token, ({}, 0))
            if before != query:
                return _refused("nextToken is of another request")
        begin, end = (datetime.fromisoformat(query[n]) for n in ("postedAfter", "postedBefore"))
        # The model says two minutes before now; the emulator's now is a midnight.
        if end > _midnight(money.today):
            return _refused("postedBefore must be two minutes before now at least")
        matches = [t for t in transactions(money) if begin.isoformat() <= t["postedDate"]]
        matches = [t for t in matches if t["postedDate"] < end.isoformat()]
        # The first page of a longer list is empty.
        size = 0 if token is None and len(matches) > LARGEST else LARGEST
        # One back: pages overlap, so that readers have to tell transactions apart by their ids.
        payload: dict[str, Any] = {"transactions": matches[max(offset - 1, 0) : offset + size]}
        if offset + size < len(matches):
            payload["nextToken"] = secrets.token_urlsafe(16)
            self.pages[payload["nextToken"]] = (query, offset + size)
        return JSONResponse({"payload": payload}, headers={"x-amzn-RateLimit-Limit": "0.5"})


def transactions(money: AmazonMoney) -> list[dict[str, Any]]:
    """Return every transaction there is; some of the future are not told."""
    event = (e for e in money.events() if e[0] < _midnight(money.today))
    groups = groupby(
        event, key=lambda e: (e[0], e[1], e[2].get("order-id"), e[2]["transaction-type"])
    )
    matches: list[dict[str, Any]] = []
    for (at, site, order, kind), rows in groups:
        told_of = _transaction(at, site, order, kind, [row for _, _, row in rows])
        matches += [told_of, *_besides(told_of, at.second)]
    return matches


def _besides(event: dict[str, Any], second: int) -> list[dict[str, Any]]:
    """Return what is listed beside some transactions and adds nothing to what is owed now."""
    number = event["transactionId"]
    # Seconds stand in for chance: the same seed lists the same again.
    if second % 5 == 0:
        event["transactionId"] = f"{number}-released"
        _name(event, "DEFERRED_TRANSACTION_ID", number)
        before = event | {"transactionId": number, "transactionStatus": "DEFERRED_RELEASED"}
        return [before | {"relatedIdentifiers": []}]
    if second % 5 == 1:
        return [event | {"transactionId": f"{number}-later", "transactionStatus": "DEFERRED"}]
    if second % 5 == 2:
        return [event | {"transactionId": f"{number}-paid", "transactionType": "Transfer"}]
    return []


def _name(event: dict[str, Any], name: str, value: str) -> None:
    related = {"relatedIdentifierName": name, "relatedIdentifierValue": value}
    event["relatedIdentifiers"] = [*event.get("relatedIdentifiers", ()), related]


def _transaction(
    at: datetime, site: Site, order: str | None, kind: str, rows: list[Line]
) -> dict[str, Any]:
    total = _money(site, rows)
    matches: dict[str, Any] = {
        "sellingPartnerMetadata": {
            "sellingPartnerId": "A2EMBERCRAFT01",
            "accountType": "Standard Orders",
            "marketplaceId": site.id,
        },
        "transactionType": _TYPES.get(kind, kind),
        "transactionId": f"{at:%Y%m%d%H%M%S}-{site.id}-{order or kind}",
        # Met in both, though the model knows capitals alone (its repository's issue 4220).
        "transactionStatus": ("RELEASED", "Released")[at.second % 2],
        "description": "Order Payment" if kind == "Order" else kind,
        "postedDate": at.isoformat(),
        "totalAmount": total,
        "marketplaceDetails": {"marketplaceId": site.id, "marketplaceName": site.name},
        "breakdowns": [
            _part(site, _GROUPS.get(name, name), group, [] if order else _ends(site, name, group))
            for name, group in _groups(rows)
        ],
    }
    if order:
        matches["relatedIdentifiers"] = [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order}
        ]
        product = {"contextType": "ProductContext", "sku": rows[0].get("sku", "")}
        matches["items"] = [
            {
                "description": rows[0].get("sku", ""),
                "totalAmount": total,
                "breakdowns": [
                    _part(site, _GROUPS.get(name, name), group, _ends(site, name, group))
                    for name, group in _groups(rows)
                ],
                "contexts": [product | {"quantityShipped": 1, "fulfillmentNetwork": "AFN"}],
            }
        ]
    return matches


def _money(site: Site, rows: list[Line]) -> dict[str, Any]:
    # Floats, because the model's amounts are JSON numbers.
    total = round(sum(float(r["amount"]) for r in rows), 2)
    return {"currencyCode": site.currency, "currencyAmount": total}


def _part(site: Site, word: str, rows: list[Line], below: list[Any]) -> dict[str, Any]:
    return {
        "breakdownType": word,
        "breakdownAmount": _money(site, rows),
        "breakdowns": below,
    }


def _ends(site: Site, group: str, rows: list[Line]) -> list[Any]:
    """Return what a group of amounts is broken down to; the base of a fee is all of it here."""
    matches = []
    for row in rows:
        word = row["amount-description"]
        base = [_part(site, "Base", [row], [])] if group == "ItemFees" else []
        matches.append(_part(site, _WORDS.get((group, word), word), [row], base))
    return matches


def _groups(rows: list[Line]) -> list[tuple[str, list[Line]]]:
    return [(name, [r for r in rows if r["amount-type"] == name]) for name in _names(rows)]


def _names(rows: list[Line]) -> list[str]:
    return list(dict.fromkeys(r["amount-type"] for r in rows))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _refused(message: str) -> Response:
    event = {"code": "InvalidInput", "message": message, "details": ""}
    return JSONResponse({"errors": [event]}, 400)
