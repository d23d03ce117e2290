"""The payment account of an Etsy shop: entries in a row, each with the balance after it.

Amounts are integers of the smallest coin. What a buyer pays holds the tax that Etsy takes out
again; fees are entries of their own, named after what they are on. On Mondays the balance is paid
out, now and then less a reserve; a negative one is cleared from the seller's card.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.etsy_payments import EtsyPayments
from sandbox.money import FIRST, TODAY, Owed

ONE_DAY = timedelta(days=1)
LONGEST_SECONDS = 2_678_400
_FEES = (
    (0.3, "listing", "listing", (-20, -20)),
    (0.2, "renew_sold_auto", "listing", (-20, -20)),
    (0.15, "offsite_ads_fee", "receipt", (-900, -100)),
    (0.3, "prolist", "shop", (-300, -50)),
    (0.3, "shipping_labels", "shipping_label", (-900, -300)),
    (0.08, "shipping_label_refund", "shipping_label", (300, 900)),
    (0.1, "vat_seller_services", "etsy", (-90, -5)),
    (0.05, "SELLER_DRIVEN_TRAFFIC_CREDIT", "receipt", (50, 200)),
    (0.04, "buyer_fee", "receipt", (-28, -28)),
)


@dataclass
class EtsyMoney:
    """The ledger of one shop; a `quiet` one has no entry.

    `brought` is the balance before its history. No page holds more than `largest`. It sells `times`
    as much as others.
    """

    currency: str = "GBP"
    zone: str = "Europe/London"
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    times: int = 1
    # An old shop has a balance from before the first entry that is read.
    brought: int = 1234
    largest: int = 60
    entries: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random, self._number = Random(self.seed), 0
        self.payments = EtsyPayments(self.currency)
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            if not self.quiet:
                self._happen(self.today)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Put a fee into the ledger where it belongs, eight days ago; balances follow."""
        day = self.today - timedelta(days=8)
        noon = self._at(day, 12 * 3600)
        # Inserted in the past: all later balances change with it.
        place = sum(e["created_timestamp"] <= noon for e in self.entries)
        self.entries.insert(place, self._entry(noon, "regulatory_operating_fee", -37, "receipt"))
        self._count()
        return {day}

    def settlements(self) -> Mapping[str, Owed]:
        """Return what stands between two payouts, named after the day of the second."""
        matches: dict[str, Owed] = {}
        total = 0
        for entry in self.entries:
            if entry["ledger_type"] != "DISBURSE2":
                total += entry["amount"]
                continue
            day = datetime.fromtimestamp(entry["created_timestamp"], ZoneInfo(self.zone)).date()
            matches[f"etsy-{day}-{self.currency}"] = Owed(
                self.currency, _cents(total), _cents(-entry["amount"])
            )
            total = 0
        last = self.today - ONE_DAY
        return {
            **matches,
            f"open-{last:%Y-%m}-{self.currency}": Owed(self.currency, _cents(total), None),
        }

    def transactions(self) -> int:
        """Return every entry."""
        return len(self.entries)

    def _happen(self, day: date) -> None:
        chance = self._random
        if day.weekday() == 0:
            self._settle(day)
        for _ in range(self.times * chance.randint(0, 3)):
            self._sale(day)
        if chance.random() < 0.15:
            self._refund(day)
        for likely, kind, about, (low, high) in _FEES:
            if chance.random() < likely:
                self._add(day, kind, chance.randint(low, high), about)
        self.entries.sort(key=lambda e: e["created_timestamp"])
        self._count()

    def _sale(self, day: date) -> None:
        net = self._random.randint(800, 9000)
        # Integer division: amounts of the ledger are minor units.
        tax = net // 5 if self._random.random() < 0.6 else 0
        second = self._random.randint(7200, 80_000)
        fee = net * 4 // 100 + 20
        paid = self.payments.paid(net + tax, fee, self._at(day, second))
        payment, receipt = paid["payment_id"], paid["receipt_id"]
        self._add(day, "PAYMENT_GROSS", net + tax, "shop_payment", second, payment)
        if tax:
            self._add(day, "sales_tax", -tax, "receipt", second, receipt)
        self._add(day, "PAYMENT_PROCESSING_FEE", -fee, "shop_payment", second, payment)
        self._add(day, "transaction", -(net * 65 // 1000), "transaction", second)
        postage = -self._random.randint(10, 40)
        self._add(day, "shipping_transaction", postage, "receipt", second, receipt)

    def _refund(self, day: date) -> None:
        gross = self._random.randint(500, 3000)
        second = self._random.randint(7200, 80_000)
        tax = gross // 6
        back = self.payments.refund(gross, tax, self._at(day, second)) or {}
        number = back.get("payment_adjustment_id")
        self._add(day, "REFUND_GROSS", -gross, "payment_adjustment", second, number)
        self.entries[-1]["payment_adjustments"] = [back] if back else []
        self._add(day, "sales_tax_refund", tax, "receipt", second)
        self._add(day, "transaction_refund", gross * 65 // 1000, "transaction", second)

    def _settle(self, day: date) -> None:
        balance = self.entries[-1]["balance"] if self.entries else self.brought
        if balance < 0:
            # A negative balance is charged to the seller's card, without a payout.
            self._add(day, "RECOUP", -balance, "bill", 3600)
        elif balance > 0:
            # A reserve: settlements must cope with a closing balance.
            record = min(balance // 10, 500) if self._random.random() < 0.3 else 0
            self._add(day, "DISBURSE2", record - balance, "disbursement", 3600)

    def _add(
        self,
        day: date,
        kind: str,
        amount: int,
        about: str,
        second: int | None = None,
        number: int | None = None,
    ) -> None:
        if second is None:
            second = self._random.randint(7200, 80_000)
        entry = self._entry(self._at(day, second), kind, amount, about)
        if number is not None:
            entry["reference_id"] = str(number)
        self.entries.append(entry)

    def _at(self, day: date, second: int) -> int:
        return int(datetime.combine(day, time(), ZoneInfo(self.zone)).timestamp()) + second

    def _entry(self, at: int, kind: str, amount: int, about: str) -> dict[str, Any]:
        self._number += 1
        return {
            "entry_id": 11_000_000_000 + self._number,
            "ledger_id": 8_080_291_933,
            "sequence_number": 0,
            "amount": amount,
            "currency": self.currency,
            # Etsy repeats the type here in many entries (open-api issue 102).
            "description": kind,
            "balance": 0,
            "create_date": at,
            "created_timestamp": at,
            "ledger_type": kind,
            "reference_type": about,
            # VAT on fees names no fee, but Etsy (open-api issue 751).
            "reference_id": "0" if about == "etsy" else str(3_000_000_000 + self._number),
            "parent_entry_id": 0,
            "payment_adjustments": [],
        }

    def _count(self) -> None:
        balance = self.brought
        # An old shop's numbers don't begin with 1.
        for number, entry in enumerate(self.entries, 40):
            balance += entry["amount"]
            entry |= {"sequence_number": number, "balance": balance}

    def answer_entries(self, request: Request) -> Response:
        """Answer GET .../payment-account/ledger-entries; the newest comes first."""
        query = request.query_params
        try:
            start, end = int(query["min_created"]), int(query["max_created"])
            limit, offset = int(query.get("limit", 25)), int(query.get("offset", 0))
        except (KeyError, ValueError):
            return _refused("Invalid or missing min_created or max_created")
        # In seconds: a month with the end of summer time exceeds it by an hour.
        if end - start > LONGEST_SECONDS:
            return _refused(
                "Time window between min_created and max_created must be no more than "
                f"{LONGEST_SECONDS} seconds (31 days)."
            )
        # The first second of 2000 and 1 to 100: the bounds of Etsy's OpenAPI document.
        if start < 946_684_800 or not 1 <= limit <= 100:
            return _refused("Invalid parameter")
        midnight = self._at(self.today, 0)
        matches = [
            e
            # Newest first, so pages shift when an entry arrives meanwhile.
            for e in reversed(self.entries)
            if start <= e["created_timestamp"] <= end and e["created_timestamp"] < midnight
        ]
        page = matches[offset : offset + min(limit, self.largest)]
        return JSONResponse({"count": len(matches), "results": page})


def _refused(why: str) -> Response:
    return JSONResponse({"error": why}, 400)


def _cents(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)
