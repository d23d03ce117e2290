"""eBay's Finances API with a seller's money in it: transactions, payouts, and their pages.

Shapes: the Finances document 1.17.2. Amounts carry no sign, SALE is net of the fees nested in it,
REFUND gives them back, advertising comes apart as NON_SALE_CHARGE, and eBay's own tax is beside
the amounts. Payouts go out on weekdays and take what has been available for two days; what is held
comes ten days later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.ebay_pages import filter_of, page_of
from sandbox.money import FIRST, TODAY, Owed

_CENT = Decimal("0.01")
ONE_DAY = timedelta(days=1)

# What else happens: how likely it is on a day, its type, which way it goes, and its further words.
_ODDITIES: tuple[tuple[float, str, str, dict[str, Any]], ...] = (
    (0.3, "SHIPPING_LABEL", "DEBIT", {"orderId": "05-00001-00001"}),
    (0.08, "DISPUTE", "DEBIT", {"orderId": "05-00002-00002"}),
    (0.05, "CREDIT", "CREDIT", {"transactionMemo": "Goodwill"}),
    (0.05, "TRANSFER", "CREDIT", {"transactionMemo": "Card"}),
    (0.05, "LOAN_REPAYMENT", "DEBIT", {}),
)


def _money(value: Decimal, currency: str) -> dict[str, str]:
    return {"value": f"{value:.2f}", "currency": currency}


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class EBayMoney:
    """The money of one seller; a `quiet` one has none. No page holds more than `largest`.

    It sells `times` as much as others. One in mainland China may have its payouts `split`.
    """

    currency: str = "GBP"
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    times: int = 1
    largest: int = 40
    split: bool = False
    listed: list[dict[str, Any]] = field(default_factory=list)
    payouts: list[dict[str, Any]] = field(default_factory=list)
    _available: dict[str, date] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random, self._number = Random(self.seed), 0
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            if not self.quiet:
                self._happen(self.today)
                self._pay(self.today)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Charge for a label eight days late; nothing has paid it yet."""
        day = self.today - timedelta(days=8)
        self._add(day, "SHIPPING_LABEL", "DEBIT", Decimal("4.37"), orderId="05-00001-00001")
        self._available[self.listed[-1]["transactionId"]] = self.today + ONE_DAY
        return {day}

    def settlements(self) -> Mapping[str, Owed]:
        """Return each payout, and what is open."""
        matches = {}
        for payout in self.payouts:
            total = Decimal(payout["amount"]["value"])
            paid = None if payout["payoutStatus"] == "TERMINAL_FAILED" else total
            matches[payout["payoutId"]] = Owed(self.currency, total, paid)
        if self.split:
            matches = _paired(matches)
        waiting = [t for t in self.listed if "payoutId" not in t]
        total = sum((_signed(t) for t in waiting), Decimal(0))
        return {**matches, f"open-{self.currency}": Owed(self.currency, total, None)}

    def transactions(self) -> int:
        """Return all there are."""
        return len(self.listed)

    def _happen(self, day: date) -> None:
        chance = self._random
        # Quiet days must occur: a day without transactions is not an open one.
        if day.weekday() == 6 and chance.random() < 0.5:
            return
        for _ in range(self.times * chance.randint(0, 4)):
            self._sale(day)
        if day.day == 1:
            self._charge(day, "STORE_SUBSCRIPTION_FEE", "Basic shop")
        if chance.random() < 0.3:
            self._refund(day)
        if chance.random() < 0.6:
            self._charge(day, "AD_FEE", "Promoted Listings - General fee")
        for likely, kind, entry, more in _ODDITIES:
            if chance.random() < likely:
                self._add(day, kind, entry, self._amount(3, 20), **more)

    def _sale(self, day: date) -> None:
        gross = self._amount(8, 120)
        fees = self._fees(gross)
        net = gross - sum(fees.values())
        order = self._order()
        self._add(
            day,
            "SALE",
            "CREDIT",
            net,
            orderId=order,
            buyer={"username": f"buyer_{self._number}"},
            totalFeeBasisAmount=_money(gross, self.currency),
            totalFeeAmount=_money(sum(fees.values(), Decimal(0)), self.currency),
            # Beside the amount: eBay remits it, and the seller never has it.
            eBayCollectedTaxAmount=_money((gross * Decimal("0.07")).quantize(_CENT), self.currency),
            orderLineItems=[self._line(gross, fees)],
        )
        if self._random.random() < 0.1:
            held = self.listed[-1]
            # Held sales skip the next payouts, so payouts and days don't line up.
            held["transactionStatus"] = "FUNDS_ON_HOLD"
            self._available[held["transactionId"]] = day + timedelta(days=10)

    def _refund(self, day: date) -> None:
        gross = self._amount(5, 40)
        fees = {"FINAL_VALUE_FEE": (gross * Decimal("0.1")).quantize(_CENT)}
        self._add(
            day,
            "REFUND",
            "DEBIT",
            gross - fees["FINAL_VALUE_FEE"],
            orderId=self._order(),
            totalFeeBasisAmount=_money(gross, self.currency),
            totalFeeAmount=_money(fees["FINAL_VALUE_FEE"], self.currency),
            orderLineItems=[self._line(gross, fees)],
        )

    def _charge(self, day: date, fee: str, memo: str) -> None:
        item = {"referenceId": f"3350{self._number:08}", "referenceType": "ITEM_ID"}
        self._add(
            day,
            "NON_SALE_CHARGE",
            "DEBIT",
            self._amount(1, 6),
            feeType=fee,
            transactionMemo=memo,
            references=[item],
        )

    def _fees(self, gross: Decimal) -> dict[str, Decimal]:
        fees = {
            "FINAL_VALUE_FEE_FIXED_PER_ORDER": Decimal("0.30"),
            "FINAL_VALUE_FEE": (gross * Decimal("0.128")).quantize(_CENT),
        }
        if self._random.random() < 0.3:
            fees["REGULATORY_OPERATING_FEE"] = (gross * Decimal("0.0035")).quantize(_CENT)
        if self._random.random() < 0.2:
            fees["INTERNATIONAL_FEE"] = (gross * Decimal("0.0165")).quantize(_CENT)
        return fees

    def _line(self, gross: Decimal, fees: Mapping[str, Decimal]) -> dict[str, Any]:
        return {
            "lineItemId": f"1001{self._number:08}",
            "feeBasisAmount": _money(gross, self.currency),
            "marketplaceFees": [
                {"feeType": kind, "amount": _money(value, self.currency)}
                for kind, value in fees.items()
            ],
        }

    def _add(self, day: date, kind: str, entry: str, amount: Decimal, **more: Any) -> None:
        self._number += 1
        minutes = self._random.randint(0, 24 * 60 - 1)
        at = datetime.combine(day, time(), UTC) + timedelta(minutes=minutes)
        number = f"09-{self._number:05}-{self.seed:05}"
        self.listed.append(
            {
                "transactionId": number,
                "transactionType": kind,
                "transactionStatus": "FUNDS_AVAILABLE_FOR_PAYOUT",
                "bookingEntry": entry,
                "amount": _money(amount, self.currency),
                "transactionDate": _stamp(at),
                **more,
            }
        )
        self._available[number] = day + timedelta(days=2)

    def _pay(self, day: date) -> None:
        due = [
            t
            for t in self.listed
            if "payoutId" not in t and self._available[t["transactionId"]] <= day
        ]
        total = sum((_signed(t) for t in due), Decimal(0))
        # A negative balance is carried on: eBay makes no negative payout.
        if day.weekday() >= 5 or total <= 0:
            return
        number = f"5{len(self.payouts) + 1:09}"
        # The payout's own fee, so that its amount differs from its transactions.
        fee = Decimal("0.50") if len(self.payouts) % 9 == 4 else Decimal(0)
        for transaction in due:
            transaction |= {"payoutId": number, "transactionStatus": "PAYOUT"}
        if not self.split:
            self.payouts.append(self._payout(number, day, total, fee, len(due)))
            return
        other = f"5{len(self.payouts) + 2:09}"
        details = {"payoutIds": [number, other], "payoutReference": f"9{number}"}
        for transaction in due:
            transaction["payoutDetails"] = details
        # Unequal parts that do not divide evenly: sums, not halves, must tie.
        third = (total / 3).quantize(_CENT)
        for part, amount, its_fee in ((number, third, Decimal(0)), (other, total - third, fee)):
            payout = self._payout(part, day, amount, its_fee, len(due))
            payout["payoutInstrument"]["payoutPercentage"] = "33" if part == number else "67"
            self.payouts.append(payout)

    def _payout(
        self, number: str, day: date, total: Decimal, fee: Decimal, transactions: int
    ) -> dict[str, Any]:
        return {
            "payoutId": number,
            "payoutDate": _stamp(datetime.combine(day, time(5, 30), UTC)),
            "payoutStatus": "SUCCEEDED",
            "payoutStatusDescription": "Funds sent",
            "amount": _money(total - fee, self.currency),
            "totalAmount": _money(total, self.currency),
            "totalFee": _money(fee, self.currency),
            "payoutInstrument": {"instrumentType": "BANK", "accountLastFourDigits": "1234"},
            "transactionCount": transactions,
            "bankReference": f"EBAY{number}",
        }

    def _amount(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randint(low * 100, high * 100)) / 100

    def _order(self) -> str:
        return f"05-{self._number + 1:05}-{self._random.randint(0, 99999):05}"

    def answer_payouts(self, request: Request) -> Response:
        """Answer GET /payout."""
        passes = filter_of("payoutDate", request)
        matches = [p for p in self.payouts if passes(p)]
        return page_of(request, "payouts", matches, self.largest)

    def answer_payout(self, number: str) -> Response:
        """Answer GET /payout/{payout_Id}."""
        matches = next((p for p in self.payouts if p["payoutId"] == number), None)
        if matches is None:
            payload = {"errorId": 135001, "domain": "API_FINANCES", "category": "REQUEST"}
            return JSONResponse(
                {"errors": [{**payload, "message": "The payout was not found"}]}, 404
            )
        return JSONResponse(matches)

    def answer_transactions(self, request: Request) -> Response:
        """Answer GET /transaction; 204 and no body for nothing."""
        # Nothing of today is shown: tests compare whole days.
        midnight = _stamp(_midnight(self.today))
        expected = [t for t in self.listed if t["transactionDate"] < midnight]
        passes = filter_of("transactionDate", request)
        matches = [t for t in expected if passes(t)]
        matches.sort(key=lambda t: t["transactionDate"])
        return (
            page_of(request, "transactions", matches, self.largest)
            if matches
            else Response(None, 204)
        )


def _paired(parts: Mapping[str, Owed]) -> dict[str, Owed]:
    """Pair two parts into one settlement, by the number of the first."""
    names = list(parts)
    return {
        # The two payouts of a split are one settlement, with the sum of both.
        one: Owed(
            parts[one].currency,
            parts[one].total + parts[two].total,
            (parts[one].paid or Decimal(0)) + (parts[two].paid or Decimal(0)),
        )
        for one, two in zip(names[::2], names[1::2], strict=True)
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _signed(transaction: Mapping[str, Any]) -> Decimal:
    value = Decimal(transaction["amount"]["value"])
    return value if transaction["bookingEntry"] == "CREDIT" else -value
