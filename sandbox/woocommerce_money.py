"""A WooCommerce store with sales in it: orders, refunds, and WooPayments' deposits of their money.

Shapes: orders and refunds as WooCommerce 9.9.5 gives them, deposits and transactions as in the
documents of WooPayments' REST API. Money of orders is text in their currency, money of WooPayments
whole cents. Stripe's and PayPal's plugins note their fees on the order, sometimes never. Deposits
go out twice a week, take what is two days old, and are at the bank the day after.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.money import TODAY, Owed
from sandbox.woocommerce_shapes import (
    deposited,
    empty,
    given_back,
    gmt,
    item_line,
    milliseconds,
    movement,
    notes,
    shipping,
    sum_up,
    surcharge,
    taxed,
    text,
)

# Long enough for every oddity to happen.
FIRST = date(2026, 9, 26)
ONE_DAY = timedelta(days=1)
_CENT = Decimal("0.01")
# How orders are paid: a gateway, and how likely it is.
_GATEWAYS = {
    "woocommerce_payments": 10, "stripe": 6, "ppcp-gateway": 3, "bacs": 2, "cod": 1,
}  # fmt: skip


def _cents(value: Decimal) -> int:
    return int(value * 100)


@dataclass
class WooMoney:
    """The money of one store; a `quiet` one sells nothing and has no WooPayments.

    `payments` says how WooPayments is: working, or the code of what it answers. An `old` store has
    no list of all refunds, a `shy` server keeps the counts of lists to itself, and a `busy` one is
    never done with them. It sells `times` as much as others.
    """

    currency: str = "USD"
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    times: int = 1
    payments: str = "working"
    old: bool = False
    shy: bool = False
    busy: bool = False
    orders: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    deposits: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    _unpaid: list[tuple[date, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random, self._number = Random(self.seed), 100
        if self.quiet:
            self.payments = "rest_no_route"
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            if not self.quiet:
                self._happen(self.today)
                self._arrive(self.today)
                self._pay(self.today)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Add a sale that comes to light late, and throw another away."""
        now = datetime.combine(self.today, time(11), UTC)
        day = self.today - timedelta(days=8)
        late = self._order(day, "cod")
        self._paid(late, self._at(day))
        before = gmt(now - timedelta(days=4))
        gone = next(
            order
            for order in reversed(self.orders)
            if order["status"] == "processing"
            and order["date_paid_gmt"] < before
            and order["payment_method"] != "woocommerce_payments"
            and not order["refunds"]
            and order is not late
        )
        gone["status"] = "trash"
        for order in (late, gone):
            order["date_modified_gmt"] = gmt(now)
        return {day, datetime.fromisoformat(gone["date_paid_gmt"]).date()}

    def settlements(self) -> Mapping[str, Owed]:
        """Return each month of each currency, each deposit, and what is open."""
        matches = {}
        start = self.first
        while start < self.today:
            for currency in (self.currency, "EUR"):
                matches[f"{currency}-{start:%Y-%m}"] = Owed(currency, Decimal(0), None)
            start = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        for deposit in self.deposits:
            total = Decimal(deposit["amount"]) / 100
            paid = total if deposit["status"] == "paid" else None
            matches[deposit["id"]] = Owed(self.currency, total, paid)
        waiting = [m for m in self.moves if m["deposit_status"] == "estimated"]
        total = Decimal(sum(m["net"] for m in waiting)) / 100
        return {**matches, f"open-{self.currency}": Owed(self.currency, total, None)}

    def transactions(self) -> int:
        """Return all orders, refunds and movements there are."""
        return len(self.orders) + len(self.refunds) + len(self.moves)

    def _happen(self, day: date) -> None:
        chance = self._random
        for when, order in list(self._unpaid):
            if when <= day:
                self._unpaid.remove((when, order))
                self._paid(order, self._at(day))
        for _ in range(self.times * chance.randint(1, 5)):
            method = chance.choices(list(_GATEWAYS), list(_GATEWAYS.values()))[0]
            self._order(day, method, noted=chance.random() < 0.8)
        if chance.random() < 0.4:
            self._refund(day, whole=chance.random() < 0.3)
        for likely, kind, low, high, fee in (
            (0.06, "dispute", -9000, -2000, 1500),
            (0.05, "dispute_reversal", 2000, 4000, 0),
            (0.05, "card_reader_fee", -300, -100, 0),
            (0.04, "financing_payout", 50_000, 90_000, 0),
            (0.10, "financing_paydown", -900, -100, 0),
        ):
            if chance.random() < likely:
                self._move(self._at(day), kind, chance.randint(low, high), fee)

    def _order(self, day: date, method: str, *, noted: bool = True) -> dict[str, Any]:
        """Return an order as the store keeps it; a bank transfer is paid three days later."""
        chance, at = self._random, self._at(day)
        self._number += 1
        foreign = method == "stripe" and chance.random() < 0.25
        order = empty(self._number, "EUR" if foreign else self.currency, method, at)
        for line in range(chance.randint(1, 3)):
            order["line_items"].append(self._item(line))
        if chance.random() < 0.25:
            self._coupon(order)
        if chance.random() < 0.6:
            order["shipping_lines"] = [shipping(self._number, Decimal("5.00"))]
        if chance.random() < 0.1:
            order["fee_lines"] = [surcharge(self._number, "Gift wrap", Decimal("2.00"))]
        if chance.random() < 0.05:
            order["gift_cards"] = [{"id": self._number, "code": "ABCD-EFGH", "amount": 4}]
        sum_up(order)
        self.orders.append(order)
        if method == "bacs":
            order["status"] = "on-hold"
            self._unpaid.append((day + timedelta(days=3), order))
        elif chance.random() < 0.06:
            order["status"] = chance.choice(["pending", "failed", "checkout-draft"])
        else:
            self._paid(order, at, noted=noted)
        return order

    def _item(self, line: int) -> dict[str, Any]:
        quantity = self._random.randint(1, 3)
        price = Decimal(self._random.randint(400, 6000)) / 100
        return item_line(self._number * 10 + line, line, f"SKU-{line}", quantity, price)

    def _coupon(self, order: dict[str, Any]) -> None:
        item = order["line_items"][0]
        less = (Decimal(item["subtotal"]) / 10).quantize(_CENT)
        item["total"] = text(Decimal(item["subtotal"]) - less)
        item["total_tax"] = taxed(Decimal(item["total"]))
        coupon = {"id": order["id"] * 10 + 9, "code": "TENOFF", "discount": text(less)}
        coupon |= {"discount_tax": "0.00", "meta_data": [], "discount_type": "percent"}
        order["coupon_lines"] = [coupon]

    def _paid(self, order: dict[str, Any], at: datetime, *, noted: bool = True) -> None:
        order |= {"status": "processing", "date_paid_gmt": gmt(at), "date_modified_gmt": gmt(at)}
        total, method = Decimal(order["total"]), order["payment_method"]
        fee = (total * Decimal("0.029") + Decimal("0.30")).quantize(_CENT)
        if method == "woocommerce_payments":
            order["meta_data"] = notes({"_wcpay_transaction_fee": text(fee)})
            self._move(at, "charge", _cents(total), _cents(fee), order)
        elif method == "stripe" and noted:
            # Stripe's balance is in the store's currency whatever the order is in.
            net = text(total - fee)
            stripe = {"_stripe_fee": text(fee), "_stripe_net": net}
            order["meta_data"] = notes({**stripe, "_stripe_currency": self.currency})
        elif method == "ppcp-gateway" and noted:
            money = {"currency_code": order["currency"], "value": text(fee)}
            order["meta_data"] = notes({"_ppcp_paypal_fees": {"paypal_fee": money}})

    def _refund(self, day: date, *, whole: bool) -> None:
        sold = [o for o in self.orders if o["status"] == "processing" and not o["refunds"]]
        if not sold:
            return
        order, at = self._random.choice(sold[-30:]), self._at(day)
        if gmt(at) <= order["date_paid_gmt"]:
            return
        self._number += 1
        item = order["line_items"][0]
        amount = Decimal(order["total"])
        lines = []
        if not whole and (part := Decimal(item["total"]) + Decimal(item["total_tax"])) <= amount:
            amount, lines = part, [given_back(self._number, item)]
        refund = {
            "id": self._number,
            "parent_id": order["id"],
            "date_created": gmt(at),
            "date_created_gmt": gmt(at),
            "date_modified_gmt": gmt(at),
            "amount": text(amount),
            "reason": "damaged",
            "refunded_by": 1,
            "refunded_payment": order["payment_method"] not in {"bacs", "cod"},
            "meta_data": [],
            "line_items": lines,
            "shipping_lines": [],
            "tax_lines": [],
            "fee_lines": [],
        }
        self.refunds.append(refund)
        listed = {"id": self._number, "reason": "damaged", "total": f"-{text(amount)}"}
        order["refunds"] = [listed]
        order["date_modified_gmt"] = gmt(at)
        if whole:
            order["status"] = "refunded"
        if order["payment_method"] == "woocommerce_payments":
            self._move(at, "refund", -_cents(amount), 0, order)

    def _move(
        self,
        at: datetime,
        kind: str,
        amount: int,
        fee: int,
        order: Mapping[str, Any] | None = None,
    ) -> None:
        number = f"txn_{self.seed}{len(self.moves):06}"
        self.moves.append(movement(number, kind, at, amount, fee, self.currency.lower(), order))

    def _arrive(self, day: date) -> None:
        """Let what was on its way be at the bank; one of twelve comes back."""
        for number, deposit in enumerate(self.deposits):
            if deposit["status"] == "in_transit" and deposit["date"] <= milliseconds(day):
                deposit["status"] = "failed" if number % 12 == 3 else "paid"

    def _pay(self, day: date) -> None:
        due = [
            m
            for m in self.moves
            if m["deposit_status"] == "estimated" and m["available_on"] <= day.isoformat()
        ]
        total = sum(m["net"] for m in due)
        if day.weekday() not in {1, 4} or not total:
            return
        number = f"po_{self.seed}{len(self.deposits):06}"
        for move in due:
            move |= {"deposit_id": number, "deposit_status": "paid"}
        self.deposits.append(deposited(number, day, total, self.currency.lower()))

    def _at(self, day: date) -> datetime:
        """Return a time of the day that is on that day in New York and in London too."""
        minutes = self._random.randint(14 * 60, 22 * 60)
        return datetime.combine(day, time(), UTC) + timedelta(minutes=minutes)
