"""A shop without Shopify Payments: orders, and what gateways of its own took for them.

Shapes: Order and OrderTransaction of the Admin schema 2026-10. Nothing is ever paid out by Shopify;
authorisations, voids, failures and tests move no money.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.money import TODAY, Owed

ONE_DAY = timedelta(days=1)
_GATEWAYS = ("paypal", "manual", "Cash on Delivery (COD)", "gift_card")


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class GatewayMoney:
    """The orders of one shop; `taken` is what each gateway has, by the shop's own books."""

    currency: str = "GBP"
    timezone: str = "Europe/London"
    first: date = TODAY - timedelta(days=14)
    today: date = TODAY
    seed: int = 5
    orders: list[dict[str, Any]] = field(default_factory=list)
    taken: dict[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random, self._number = Random(self.seed), 0
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            for _ in range(self._random.randint(0, 3)):
                self._sell(self.today)
            if self.orders and self._random.random() < 0.3:
                self.refund(self._random.choice(self.orders), self.today)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Give money for the oldest order back, on the platform's yesterday."""
        day = self.today - ONE_DAY
        self.refund(self.orders[0], day)
        return {day}

    def settlements(self) -> Mapping[str, Owed]:
        """Return nothing: every gateway has its money."""
        return {f"open-{self.currency}": Owed(self.currency, Decimal(0), None)}

    def transactions(self) -> int:
        """Return all that moved money."""
        return sum(t["status"] == "SUCCESS" for o in self.orders for t in o["transactions"])

    def root(self) -> dict[str, Any]:
        """Return that there is no account; the orders are among the shop's own (`ShopFeeds`)."""
        return {"shopifyPaymentsAccount": None}

    def refund(self, order: dict[str, Any], day: date) -> None:
        """Give back a part of what the first payment of an order was."""
        paid = next((t for t in order["transactions"] if t["status"] == "SUCCESS"), None)
        if paid is None:
            return
        amount = (Decimal(paid["amountSet"]["shopMoney"]["amount"]) / 4).quantize(Decimal("0.01"))
        self._move(order, day, "REFUND", paid["gateway"], amount)

    def _sell(self, day: date) -> None:
        self._number += 1
        goods, shipping = self._amount(10, 80), self._amount(3, 8)
        tax = ((goods + shipping) / 5).quantize(Decimal("0.01"))
        tip = self._amount(1, 3) if self._random.random() < 0.2 else Decimal(0)
        total = goods + shipping + tax + tip
        order: dict[str, Any] = {
            "id": f"gid://shopify/Order/{5_000_000 + self._number}",
            "name": f"#{1000 + self._number}",
            "createdAt": self._instant(day),
            "test": False,
            "totalPriceSet": self._bag(total),
            "totalShippingPriceSet": self._bag(shipping),
            "totalTaxSet": self._bag(tax),
            "totalTipReceivedSet": self._bag(tip),
            "transactions": [],
        }
        self.orders.append(order)
        gateway = self._random.choice(_GATEWAYS)
        if self._random.random() < 0.2:
            # One order by two gateways: neither of them has all of it.
            card = Decimal("5.00")
            self._move(order, day, "SALE", "gift_card", card)
            self._move(order, day, "SALE", "paypal", total - card)
        elif gateway == "paypal":
            # An authorisation moves no money, and must not be counted beside its capture.
            self._move(order, day, "AUTHORIZATION", gateway, total, moves=False)
            self._move(order, day, "CAPTURE", gateway, total)
        else:
            # A card that failed at first stays in the list of what was paid.
            self._move(order, day, "SALE", gateway, total, status="FAILURE", moves=False)
            self._move(order, day, "SALE", gateway, total)

    def _move(
        self,
        order: dict[str, Any],
        day: date,
        kind: str,
        gateway: str,
        amount: Decimal,
        *,
        status: str = "SUCCESS",
        moves: bool = True,
    ) -> None:
        self._number += 1
        # Nothing is paid before it was ordered, though both instants are drawn.
        at = max(order["createdAt"], self._instant(day))
        order["updatedAt"] = max(order.get("updatedAt", at), at)
        order["transactions"].append(
            {
                "id": f"gid://shopify/OrderTransaction/{6_000_000 + self._number}",
                "kind": kind,
                "status": status,
                "test": False,
                "gateway": gateway,
                "createdAt": at,
                "processedAt": at,
                "amountSet": self._bag(amount),
            }
        )
        if moves:
            signed = -amount if kind == "REFUND" else amount
            self.taken[gateway] = self.taken.get(gateway, Decimal(0)) + signed

    def _bag(self, value: Decimal) -> dict[str, Any]:
        return {"shopMoney": {"amount": f"{value:f}", "currencyCode": self.currency}}

    def _instant(self, day: date) -> str:
        start = datetime.combine(day, time(), ZoneInfo(self.timezone))
        return _stamp(start + timedelta(minutes=self._random.randint(0, 24 * 60 - 1)))

    def _amount(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randint(low * 100, high * 100)) / 100
