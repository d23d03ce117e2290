"""The payments behind the sales and refunds of an Etsy shop's ledger, and how they are asked for.

Shapes: the OpenAPI document 3.0.0; the words of an adjustment and its items are those of API v2.
Where a buyer paid in another currency, `amount_*` is in the payment's and `posted_*` in the shop's.
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

BUYERS = {"GBP": "EUR", "EUR": "USD", "USD": "CAD"}
# How much of the buyer's coin one of the shop's is, in hundredths.
RATE = 125


@dataclass
class EtsyPayments:
    """The payments of one shop by number; every fifth buyer pays in another currency.

    Etsy knows those in `forgotten` no more, takes `most` numbers at once, and tells nothing where
    it is `closed`.
    """

    currency: str
    forgotten: set[int] = field(default_factory=set)
    most: int = 100
    closed: bool = False
    listed: dict[int, dict[str, Any]] = field(default_factory=dict)

    def paid(self, gross: int, fees: int, at: int) -> dict[str, Any]:
        """Have a buyer pay for a receipt."""
        number = 401_000_000 + len(self.listed)
        # Amounts in the buyer's currency must not be taken for the shop's.
        buyer = BUYERS[self.currency] if len(self.listed) % 5 == 4 else self.currency
        payment: dict[str, Any] = {
            "payment_id": number,
            "buyer_user_id": 900_000_000 + number % 7,
            "shop_id": 22_001_144,
            "receipt_id": 3_100_000_000 + len(self.listed),
            "currency": buyer,
            "shop_currency": self.currency,
            "buyer_currency": buyer,
            "shipping_user_id": None,
            "shipping_address_id": 800_000_000 + number,
            "billing_address_id": 0,
            "status": "settled",
            "shipped_timestamp": at,
            **dict.fromkeys(("create_timestamp", "created_timestamp"), at),
            **dict.fromkeys(("update_timestamp", "updated_timestamp"), at),
            "payment_adjustments": [],
        }
        for name, value in {"gross": gross, "fees": fees, "net": gross - fees}.items():
            payment[f"amount_{name}"] = _money(self._paid_in(buyer, value), buyer)
            payment[f"posted_{name}"] = _money(value, self.currency)
        self.listed[number] = payment
        return payment

    def refund(self, gross: int, tax: int, at: int) -> dict[str, Any] | None:
        """Give a part of the latest payment back that was as much; None where none was."""
        payment = next((p for p in reversed(self.listed.values()) if self._left(p) >= gross), None)
        if payment is None:
            return None
        number = 501_000_000 + sum(len(p["payment_adjustments"]) for p in self.listed.values())
        postage = 300 if gross % 2 else 0
        parts = {"TRANS": gross - tax - postage, "SHIP": postage, "TAX": tax}
        own = {w: self._paid_in(payment["currency"], v) for w, v in parts.items() if v}
        adjustment = {
            "payment_adjustment_id": number,
            "payment_id": payment["payment_id"],
            "status": "REFUNDED",
            "is_success": True,
            "user_id": 100_200_300,
            "reason_code": "Damaged in transit",
            "total_adjustment_amount": sum(own.values()),
            "shop_total_adjustment_amount": gross,
            "buyer_total_adjustment_amount": sum(own.values()),
            "total_fee_adjustment_amount": gross * 4 // 100,
            **dict.fromkeys(("create_timestamp", "created_timestamp"), at),
            **dict.fromkeys(("update_timestamp", "updated_timestamp"), at),
            "payment_adjustment_items": [
                {
                    "payment_adjustment_id": number,
                    "payment_adjustment_item_id": number * 10 + place,
                    "adjustment_type": word,
                    "amount": own[word],
                    "shop_amount": parts[word],
                    "transaction_id": number + 7 if word == "TRANS" else None,
                    "bill_payment_id": None,
                    "created_timestamp": at,
                    "updated_timestamp": at,
                }
                for place, word in enumerate(own)
            ],
        }
        payment["payment_adjustments"].append(adjustment)
        payment["adjusted_gross"] = _money(self._left(payment), self.currency)
        return adjustment

    def answer(self, request: Request) -> Response:
        """Answer GET .../payments; numbers are separated by commas."""
        if self.closed:
            return JSONResponse({"error": "insufficient_scope"}, 403)
        query = request.query_params.get("payment_ids", "").split(",")
        if not all(number.isdecimal() and int(number) > 0 for number in query):
            return JSONResponse({"error": "Invalid or missing payment_ids"}, 400)
        if len(query) > self.most:
            return JSONResponse({"error": f"No more than {self.most} payment_ids"}, 400)
        # Left out without an error, as an answer of a list is.
        requested = {int(number) for number in query} - self.forgotten
        matches = [payment for number, payment in self.listed.items() if number in requested]
        return JSONResponse({"count": len(matches), "results": matches})

    def _paid_in(self, currency: str, amount: int) -> int:
        return amount if currency == self.currency else amount * RATE // 100

    def _left(self, payment: dict[str, Any]) -> int:
        back = sum(a["shop_total_adjustment_amount"] for a in payment["payment_adjustments"])
        left: int = payment["posted_gross"]["amount"] - back
        return left


def _money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "divisor": 100, "currency_code": currency}
