"""TikTok Shop's Finance API with a shop's money in it: transactions, statements, payments, pages.

Shapes: Partner Center's finance pages, 202309 and 202501. A statement is made at midnight UTC of
what was settled on the day before, if anything was. Its payment begins a day later, with those that
were too small to be paid or owed something, and arrives the day after; the ninth does not, and is
begun anew. Amounts are text and signed from the seller's side; of some leaves there are copies.
UNCONFIRMED and assumed: that a day without transactions has no statement, and that a failed payment
is followed by another one of the same statements.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from starlette.requests import Request

from sandbox.money import FIRST, TODAY, Owed
from sandbox.tiktok_transactions import Settled

ONE_DAY = timedelta(days=1)
# Below this nothing is paid: it waits for the next payment.
_SMALLEST = Decimal(10)
LARGEST_PAGE = 100


class Invalid(ValueError):
    """A parameter that TikTok Shop does not take."""


@dataclass
class TiktokStatement:
    """One day's transactions of a shop, and the payment that takes them."""

    id: str
    day: date
    transactions: list[dict[str, Any]]
    payment: dict[str, Any] | None = None

    @property
    def made(self) -> date:
        """Return the day that begins with it."""
        return self.day + ONE_DAY

    @property
    def settled(self) -> Decimal:
        """Return what its transactions come to."""
        return _sum(self.transactions, "settlement_amount")

    @property
    def reserved(self) -> Decimal:
        """Return what the reserve takes (negative) or gives back."""
        return _sum(self.transactions, "reserve_amount")

    @property
    def payable(self) -> Decimal:
        """Return what a payment takes."""
        return self.settled + self.reserved


@dataclass
class TikTokMoney:
    """The money of one shop; a `quiet` one has none. No page holds more than `largest`.

    `american` shops have sales tax beside their amounts, `abroad` ones VAT in their prices. A shop
    sells `times` as much as others.
    """

    currency: str = "GBP"
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    american: bool = False
    abroad: bool = False
    times: int = 1
    largest: int = 4
    statements: list[TiktokStatement] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._day = Settled(self._random, self.currency, self.american, self.abroad, self.times)
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            if not self.quiet:
                self._settle(self.today)
                self._pay(self.today)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Return the bank sends the last payment back that had arrived."""
        last = next(p for p in reversed(self.payments) if p["status"] == "PAID")
        day = datetime.fromtimestamp(last["paid_time"], UTC).date()
        # A payment that had arrived comes back: books must take the payout out again.
        last |= {"status": "FAILED", "paid_time": 0}
        return {day}

    def settlements(self) -> Mapping[str, Owed]:
        """Return each statement, and that nothing is open beside them."""
        matches = {}
        for statement in self.statements:
            paid = statement.payment is not None and statement.payment["status"] == "PAID"
            total = statement.payable
            matches[statement.id] = Owed(self.currency, total, total if paid else None)
        return {**matches, f"open-{self.currency}": Owed(self.currency, Decimal(0), None)}

    def transactions(self) -> int:
        """Return all that statements were made of."""
        return sum(len(statement.transactions) for statement in self.statements)

    def _settle(self, day: date) -> None:
        happened = self._day.transactions(day)
        # A day without transactions has no statement (UNCONFIRMED).
        if not happened:
            return
        number = f"73{self.seed:02}{len(self.statements) + 1:015}"
        self.statements.append(TiktokStatement(number, day, happened))

    def _pay(self, day: date) -> None:
        for payment in self.payments:
            begun = datetime.fromtimestamp(payment["create_time"], UTC).date()
            if payment["status"] == "PROCESSING" and begun < day:
                fails = len(self.payments) % 9 == 4
                payment.update({"status": "FAILED"} if fails else _arrived(day))
        due = [s for s in self.statements if s.made < day and _wants_payment(s, day)]
        total = sum((s.payable for s in due), Decimal(0))
        if total < _SMALLEST:
            return
        settled = sum((s.settled for s in due), Decimal(0))
        payment = {
            "id": f"34{self.seed:02}{len(self.payments) + 1:015}",
            "create_time": _seconds(day, 3),
            "paid_time": 0,
            "status": "PROCESSING",
            "bank_account": "********1234",
            "exchange_rate": "1.000000",
            "amount": self._money(total),
            "settlement_amount": self._money(settled),
            "reserve_amount": self._money(total - settled),
            "payment_amount_before_exchange": self._money(total),
        }
        self.payments.append(payment)
        for statement in due:
            statement.payment = payment

    def _money(self, value: Decimal) -> dict[str, str]:
        return {"value": f"{value:f}", "currency": self.currency}

    def answer_statements(self, request: Request) -> dict[str, Any]:
        """Answer GET /finance/202309/statements."""
        expected = [s for s in self.statements if s.made <= self.today]
        listed = [as_listed(s, self.currency) for s in expected]
        return _page(request, "statements", listed, "statement_time", self.largest)

    def answer_payments(self, request: Request) -> dict[str, Any]:
        """Answer GET /finance/202309/payments."""
        return _page(request, "payments", self.payments, "create_time", self.largest)

    def answer_transactions(self, number: str, request: Request) -> dict[str, Any]:
        """Answer GET /finance/202501/statements/{id}/statement_transactions."""
        statement = next((s for s in self.statements if s.id == number), None)
        if statement is None:
            raise Invalid("Invalid statement_id path parameter")
        # Sorted by the order's time and not the settlement's, so pages mix.
        matches = sorted(statement.transactions, key=lambda t: t["order_create_time"])
        page = _page(request, "transactions", matches, "order_create_time", self.largest)
        return {**totals(statement, self.currency), **page}


def _wants_payment(statement: TiktokStatement, day: date) -> bool:
    """Return whether nothing pays it, or what should have failed three days ago."""
    payment = statement.payment
    if payment is None:
        return True
    begun = datetime.fromtimestamp(payment["create_time"], UTC).date()
    # A failed payment is made again after three days, with a number of its own.
    return bool(payment["status"] == "FAILED" and begun + 3 * ONE_DAY <= day)


def _arrived(day: date) -> dict[str, Any]:
    return {"status": "PAID", "paid_time": _seconds(day, 9)}


def _seconds(day: date, hour: int = 0) -> int:
    return int(datetime.combine(day, time(hour), UTC).timestamp())


def _sum(transactions: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(t.get(name) or 0) for t in transactions), Decimal(0))


def as_listed(statement: TiktokStatement, currency: str) -> dict[str, Any]:
    """Return a statement as the list of statements has it."""
    fees = _sum(statement.transactions, "fee_tax_amount")
    payment = statement.payment or {"id": "", "status": "PROCESSING", "paid_time": 0}
    return {
        "id": statement.id,
        "statement_time": _seconds(statement.made),
        "settlement_amount": f"{statement.settled:f}",
        "currency": currency,
        "revenue_amount": f"{_sum(statement.transactions, 'revenue_amount'):f}",
        "fee_amount": f"{fees:f}",
        "shipping_cost_amount": f"{_sum(statement.transactions, 'shipping_cost_amount'):f}",
        "adjustment_amount": f"{_sum(statement.transactions, 'adjustment_amount'):f}",
        "payment_status": payment["status"],
        "payment_id": payment["id"],
        "payment_time": payment["paid_time"],
    }


def totals(statement: TiktokStatement, currency: str) -> dict[str, Any]:
    """Return what every page of a statement's transactions says of the statement."""
    parts = ("revenue", "shipping_cost", "fee_tax", "adjustment")
    return {
        "id": statement.id,
        "create_time": _seconds(statement.made),
        "status": "SETTLED",
        "currency": currency,
        "payable_amount": f"{statement.payable:f}",
        "total_reserve_amount": f"{statement.reserved:f}",
        "total_settlement_amount": f"{statement.settled:f}",
        "total_settlement_breakdown": {
            f"total_{name}_amount": f"{_sum(statement.transactions, f'{name}_amount'):f}"
            for name in parts
        },
        "total_count": len(statement.transactions),
    }


def _page(
    request: Request, what: str, matches: list[dict[str, Any]], sort: str, largest: int
) -> dict[str, Any]:
    """Return one page of what lies between two instants; its token is good for this list."""
    query = request.query_params
    if query.get("sort_field") != sort:
        raise Invalid("Invalid sort_field query parameter")
    size = int(query.get("page_size", 20))
    if not 1 <= size <= LARGEST_PAGE:
        raise Invalid("Invalid page_size query parameter")
    start, end = int(query.get(f"{sort}_ge", 0)), int(query.get(f"{sort}_lt", 2**40))
    if start > end:
        raise Invalid(f"Invalid {sort}_ge query parameter")
    matches = [item for item in matches if start <= item[sort] < end]
    prefix, _, offset = query.get("page_token", f"{what}|0").partition("|")
    if prefix != what or not offset.isdigit():
        # A token of another list must not be accepted.
        raise Invalid("Invalid page_token query parameter")
    # Smaller pages than asked for, so that every test walks through several.
    here, size = int(offset), min(size, largest)
    token = f"{what}|{here + size}" if here + size < len(matches) else ""
    return {"next_page_token": token, what: matches[here : here + size]}
