"""Amazon's Finances API 2024-06-19: transactions as they come to light, settled or not.

Shapes: the Finances model. A transaction's breakdowns are a tree whose ends make its total; its
items break the same down again. The status is written in either case, and a page may be empty
while another follows.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.channels.amazon_files import Line
from tests.emulators.amazon_money import AmazonMoney, Site

LARGEST = 25
_WORDS = {
    "Principal": "OurPricePrincipal",
    "Tax": "OurPriceTax",
    "TransactionTotalAmount": "AdvertisingFee",
}
_GROUPS = {"ItemPrice": "ProductCharges", "ItemFees": "AmazonFees", "ItemWithheldTax": "Tax"}


@dataclass
class EventDesk:
    """Lists of transactions; `pages` are where tokens go on, and what was asked with them."""

    pages: dict[str, tuple[dict[str, str], int]] = field(default_factory=dict)

    def listed(self, request: Request, money: AmazonMoney) -> Response:
        """GET /transactions: a page of what was posted between two instants."""
        asked = dict(request.query_params)
        token = asked.pop("nextToken", None)
        if set(asked) != {"postedAfter", "postedBefore"}:
            return _refused("postedAfter is required")
        offset = 0
        if token is not None:
            before, offset = self.pages.get(token, ({}, 0))
            if before != asked:
                return _refused("nextToken is of another request")
        begin, end = (datetime.fromisoformat(asked[n]) for n in ("postedAfter", "postedBefore"))
        if end > _midnight(money.today):
            return _refused("postedBefore must be two minutes before now at least")
        found = [t for t in transactions(money) if begin.isoformat() <= t["postedDate"]]
        found = [t for t in found if t["postedDate"] < end.isoformat()]
        # The first page of a longer list is empty.
        size = 0 if token is None and len(found) > LARGEST else LARGEST
        payload: dict[str, Any] = {"transactions": found[offset : offset + size]}
        if offset + size < len(found):
            payload["nextToken"] = secrets.token_urlsafe(16)
            self.pages[payload["nextToken"]] = (asked, offset + size)
        return JSONResponse({"payload": payload}, headers={"x-amzn-RateLimit-Limit": "0.5"})


def transactions(money: AmazonMoney) -> list[dict[str, Any]]:
    """Every transaction there is; some of the future are not told."""
    told = (e for e in money.events() if e[0] < _midnight(money.today))
    groups = groupby(
        told, key=lambda e: (e[0], e[1], e[2].get("order-id"), e[2]["transaction-type"])
    )
    return [
        _transaction(at, site, order, kind, [row for _, _, row in rows])
        for (at, site, order, kind), rows in groups
    ]


def _transaction(
    at: datetime, site: Site, order: str | None, kind: str, rows: list[Line]
) -> dict[str, Any]:
    def money(value: float) -> dict[str, Any]:
        return {"currencyCode": site.currency, "currencyAmount": round(value, 2)}

    parts = [
        {
            "breakdownType": _GROUPS.get(name, name),
            "breakdownAmount": money(sum(float(r["amount"]) for r in group)),
            "breakdowns": [
                {
                    "breakdownType": _WORDS.get(r["amount-description"], r["amount-description"]),
                    "breakdownAmount": money(float(r["amount"])),
                    "breakdowns": [],
                }
                for r in group
            ],
        }
        for name, group in ((n, [r for r in rows if r["amount-type"] == n]) for n in _names(rows))
    ]
    found: dict[str, Any] = {
        "sellingPartnerMetadata": {
            "sellingPartnerId": "A2EMBERCRAFT01",
            "accountType": "Standard Orders",
            "marketplaceId": site.id,
        },
        "transactionType": {"Order": "Shipment"}.get(kind, kind),
        "transactionId": f"{at:%Y%m%d%H%M%S}-{site.id}-{order or kind}",
        "transactionStatus": ("RELEASED", "Released")[at.second % 2],
        "description": "Order Payment" if kind == "Order" else kind,
        "postedDate": at.isoformat(),
        "totalAmount": money(sum(float(r["amount"]) for r in rows)),
        "marketplaceDetails": {"marketplaceId": site.id, "marketplaceName": site.name},
        "breakdowns": parts,
    }
    if order:
        found["relatedIdentifiers"] = [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order}
        ]
        found["items"] = [
            {
                "description": rows[0].get("sku", ""),
                "totalAmount": found["totalAmount"],
                "breakdowns": parts,
                "contexts": [{"contextType": "ProductContext", "sku": rows[0].get("sku", "")}],
            }
        ]
    return found


def _names(rows: list[Line]) -> list[str]:
    return list(dict.fromkeys(r["amount-type"] for r in rows))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _refused(message: str) -> Response:
    told = {"code": "InvalidInput", "message": message, "details": ""}
    return JSONResponse({"errors": [told]}, 400)
