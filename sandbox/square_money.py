"""Square with a merchant's money in it: payments, refunds, orders, payouts and their entries.

Shapes: Square's OpenAPI document. Payouts and their entries write `currency_code`, all else
`currency`. Each location is paid out by itself, on Mondays and Thursdays, with what its balance
saw before that day; cash, other gateways and gift cards never get there. An instant payout is
SIMPLE, and a later BATCH takes it back; a payout that the bank refuses comes back as an entry too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.money import FIRST, TODAY, Owed
from sandbox.square_orders import (
    ODDITIES,
    TENDERS,
    is_outside,
    payment_of,
    payout_of,
    processing_fee,
    returned,
    sold,
    stamp,
)

ONE_DAY = timedelta(days=1)


@dataclass
class SquareMoney:
    """The money of one merchant; a `quiet` one has none. No page holds more than `largest`.

    It sells `times` as much as others.
    """

    locations: Sequence[str]
    currency: str = "USD"
    zone: str = "America/New_York"
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    times: int = 1
    largest: int = 25
    payments: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    payouts: list[dict[str, Any]] = field(default_factory=list)
    listings: dict[str, tuple[object, list[dict[str, Any]]]] = field(default_factory=dict)
    _where: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random, self._number = Random(self.seed), 0
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            for location in () if self.quiet else self.locations:
                self._pay(self.today, location)
                self._happen(self.today, location)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Send sales of three days ago, cash and card, from a till that was without a network."""
        day = self.today - timedelta(days=3)
        for _, tender in TENDERS[:2]:
            self._sale(day, self.locations[-1], tender)
        return {day}

    def settlements(self) -> Mapping[str, Owed]:
        """Return each payout, and the payments and refunds that none has taken."""
        matches = {}
        for payout in self.payouts:
            total = self._money(payout["amount_money"]["amount"])
            matches[payout["id"]] = Owed(self.currency, total, total)
        expected = ("CHARGE", "REFUND")
        waiting = [e for e in self.entries if "payout_id" not in e and e["type"] in expected]
        total = sum(e["net_amount_money"]["amount"] for e in waiting)
        return {**matches, f"open-{self.currency}": Owed(self.currency, self._money(total), None)}

    def transactions(self) -> int:
        """Return entries, and what never becomes one."""
        completed = [p for p in (*self.payments, *self.refunds) if p["status"] == "COMPLETED"]
        charged = [e for e in self.entries if e["type"] in {"CHARGE", "REFUND"}]
        return len(self.entries) + len(completed) - len(charged)

    def _money(self, cents: int) -> Decimal:
        return Decimal(cents) / 100

    def _happen(self, day: date, location: str) -> None:
        chance = self._random
        for _ in range(self.times * chance.randint(0, 4)):
            drawn = chance.random()
            self._sale(day, location, next(t for likely, t in TENDERS if drawn < likely))
        if chance.random() < 0.1:
            self._split(day, location)
        if chance.random() < 0.1:
            self._unfinished(day, location)
        if chance.random() < 0.25:
            self._refund(day, location)
        if day.day == 1:
            self._enter(day, location, "SUBSCRIPTION_FEE", -2900)
        if day.day == 7 and location == self.locations[-1]:
            # More than the days around it bring: the payout is taken from the seller's bank.
            self._enter(day, location, "DISPUTE", -60000)
        for likely, kind, low, high in ODDITIES:
            if chance.random() < likely:
                self._enter(day, location, kind, chance.randint(low, high) or 1)

    def _sale(self, day: date, location: str, tender: Mapping[str, Any]) -> None:
        order = self._order(location)
        tip = self._random.choice((0, 0, 100, 250))
        self._payment(day, location, order, order["total_money"]["amount"], tip, tender)

    def _split(self, day: date, location: str) -> None:
        """Add an order paid in cash and by card."""
        order = self._order(location)
        part = order["total_money"]["amount"] // 3
        card, cash = TENDERS[0][1], TENDERS[1][1]
        self._payment(day, location, order, part, 0, cash)
        self._payment(day, location, order, order["total_money"]["amount"] - part, 150, card)

    def _unfinished(self, day: date, location: str) -> None:
        """Add a payment that brings nothing."""
        status = self._random.choice(("APPROVED", "PENDING", "CANCELED", "FAILED"))
        payment = self._payment(day, location, self._order(location), 999, 0, {**TENDERS[0][1]})
        payment["status"] = status
        # What is not completed never enters the balance.
        self.entries.pop()

    def _order(self, location: str) -> dict[str, Any]:
        self._number += 1
        items, gift = self._random.randint(300, 6000), self._random.random() < 0.08
        service = 0 if gift or self._random.random() < 0.8 else 200
        number = f"ord{self._number:06}{self.seed}"
        order = sold(number, location, items, service, self._amount, gift=gift)
        self.orders[number] = order
        return order

    def _payment(
        self,
        day: date,
        location: str,
        order: dict[str, Any],
        amount: int,
        tip: int,
        tender: Mapping[str, Any],
    ) -> dict[str, Any]:
        self._number += 1
        at = self._instant(day)
        fee = 0 if is_outside(tender) else (amount + tip) * 26 // 1000 + 10
        number = f"pay{self._number:06}{self.seed}"
        payment = payment_of(number, at, order, (amount, tip), self._amount, tender)
        payment["receipt_number"] = f"r{self._number}"
        if fee:
            payment["processing_fee"] = processing_fee(at, self._amount(fee))
        self.payments.append(payment)
        order["tenders"].append(
            {
                "id": payment["id"],
                "type": "CARD" if fee else "OTHER",
                "amount_money": payment["total_money"],
                "payment_id": payment["id"],
            }
        )
        if not is_outside(payment):
            details = {"payment_id": payment["id"]}
            self._enter(day, location, "CHARGE", amount + tip, fee, details, at)
        return payment

    def _refund(self, day: date, location: str) -> None:
        paid = [
            p for p in self.payments if p["location_id"] == location and p["status"] == "COMPLETED"
        ]
        if not paid:
            return
        payment = self._random.choice(paid)
        most = payment["amount_money"]["amount"] // (2 + payment.get("refunded", 0))
        amount = min(most, 2500)
        self._number += 1
        at = self._instant(day)
        back = returned(
            f"ret{self._number:06}{self.seed}", payment, amount, amount * 8 // 108, self._amount
        )
        self.orders[str(back["id"])] = back
        kind = payment["source_type"]
        refund: dict[str, Any] = {
            "id": f"{payment['id']}_{self._number:06}",
            "status": "COMPLETED",
            "location_id": location,
            "destination_type": kind,
            "amount_money": self._amount(amount),
            "payment_id": payment["id"],
            "order_id": back["id"],
            "created_at": stamp(at),
            "updated_at": stamp(at + timedelta(hours=20)),
            "reason": "Cold",
        }
        if kind == "CARD":
            brand = payment["card_details"]["card"]
            refund["destination_details"] = {"card_details": {"card": brand}}
        self.refunds.append(refund)
        if self._random.random() < 0.15:
            refund["status"] = "REJECTED"
        elif not is_outside(payment):
            fee = -(amount * 26 // 1000)
            refund["processing_fee"] = processing_fee(at, self._amount(fee))
            details = {"payment_id": payment["id"], "refund_id": refund["id"]}
            self._enter(day, location, "REFUND", -amount, fee, details, at)

    def _enter(
        self,
        day: date,
        location: str,
        kind: str,
        gross: int,
        fee: int = 0,
        details: Mapping[str, str] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Move the balance; `fee` is positive where it costs."""
        self._number += 1
        entry: dict[str, Any] = {
            "id": f"poe_{self._number:06}{self.seed}",
            "effective_at": stamp(at or self._instant(day)),
            "type": kind,
            "gross_amount_money": self._coded(gross),
            "fee_amount_money": self._coded(fee),
            "net_amount_money": self._coded(gross - fee),
        }
        if details:
            entry[f"type_{kind.lower()}_details"] = dict(details)
        self._where[entry["id"]] = location
        self.entries.append(entry)

    def _pay(self, day: date, location: str) -> None:
        if day.weekday() not in {0, 3}:
            return
        before = stamp(_local(day, self.zone))
        due = [
            e
            for e in self.entries
            if "payout_id" not in e
            and self._where[e["id"]] == location
            and e["effective_at"] < before
        ]
        total = sum(e["net_amount_money"]["amount"] for e in due)
        if not total:
            return
        payout = self._payout(day, location, total, "BATCH")
        for entry in due:
            entry["payout_id"] = payout["id"]
        if len(self.payouts) % 6 == 3:
            payout |= {"status": "FAILED", "version": 2}
            self._enter(day, location, "RETURNED_PAYOUT", total)
        elif len(self.payouts) % 6 == 5:
            instant = self._payout(day, location, 500 + len(self.payouts), "SIMPLE")
            self._enter(day, location, "MONEY_TRANSFER", -instant["amount_money"]["amount"])
            fee = {"amount_money": self._coded(9), "type": "TRANSFER_FEE"}
            instant["payout_fee"] = [{**fee, "effective_at": instant["created_at"]}]
            self._enter(day, location, "DEPOSIT_FEE", -9, 0, {"payout_id": instant["id"]})

    def _payout(self, day: date, location: str, amount: int, kind: str) -> dict[str, Any]:
        at = _local(day, self.zone) + timedelta(hours=3, minutes=len(self.payouts) % 60)
        number = len(self.payouts) + 1
        payout = payout_of(f"po_{self.seed}-{number:05}", number, location, at, kind)
        payout |= {"amount_money": self._coded(amount), "arrival_date": f"{day + ONE_DAY}"}
        self.payouts.append(payout)
        return payout

    def _instant(self, day: date) -> datetime:
        minutes = self._random.randint(4 * 60, 24 * 60 - 1)
        return _local(day, self.zone) + timedelta(minutes=minutes)

    def _amount(self, cents: int) -> dict[str, Any]:
        return {"amount": cents, "currency": self.currency}

    def _coded(self, cents: int) -> dict[str, Any]:
        return {"amount": cents, "currency_code": self.currency}


def _local(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
