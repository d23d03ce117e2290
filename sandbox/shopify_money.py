"""Shopify's GraphQL about a shop's money: payouts, balance transactions, orders, and their pages.

Shapes: the Admin schema 2026-10. A transaction's net is its amount less its fee; a payout goes out
one a currency and takes what has been available for two days, its own TRANSFER among them. The main
currency pays out on three days of the week, others on Fridays. A payout that the bank refuses comes
back as TRANSFER_FAILURE of a later one. Test transactions stand in the lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.money import FIRST, TODAY, Owed
from sandbox.shopify_search import connection

_CENT = Decimal("0.01")
ONE_DAY = timedelta(days=1)
_GID = "gid://shopify/"

# What else happens: how likely it is on a day, its type, its source, its sign, and its fee.
_ODDITIES: tuple[tuple[float, str, str, int, str], ...] = (
    (0.3, "SHIPPING_LABEL", "ADJUSTMENT", -1, "0"),
    (0.1, "SHOP_CASH_CREDIT", "ADJUSTMENT", 1, "0.30"),
    (0.08, "DISPUTE_WITHDRAWAL", "DISPUTE", -1, "15.00"),
    # The fee comes back, too: below zero it adds to the net.
    (0.05, "DISPUTE_REVERSAL", "DISPUTE", 1, "-15.00"),
    (0.06, "CHARGEBACK_HOLD", "DISPUTE", -1, "0"),
    (0.05, "CHARGEBACK_HOLD_RELEASE", "DISPUTE", 1, "0"),
    (0.08, "RESERVED_FUNDS", "SYSTEM_ADJUSTMENT", -1, "0"),
    (0.08, "RESERVED_FUNDS_REVERSAL", "SYSTEM_ADJUSTMENT", 1, "0"),
    (0.1, "LENDING_CAPITAL_REMITTANCE", "ADJUSTMENT", -1, "0"),
    (0.06, "IMPORT_TAX", "ADJUSTMENT", -1, "0"),
    (0.06, "CHARGE_ADJUSTMENT", "ADJUSTMENT", -1, "0.25"),
    (0.05, "MERCHANT_GOODWILL_CREDIT", "SYSTEM_ADJUSTMENT", 1, "0"),
)


def _plain(value: Decimal) -> str:
    """Return an amount as Shopify writes decimals: 12.5 and 12.0, never 12.50."""
    return f"{value.normalize():f}" if value % 1 else f"{value:.1f}"


def _money(value: Decimal, currency: str) -> dict[str, str]:
    return {"amount": _plain(value), "currencyCode": currency}


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class ShopifyMoney:
    """The money of one shop; a `quiet` one has none. No page holds more than `largest`.

    `knows_payouts` says what becomes of a search by payout: it `selects`, or is `ignored`, or
    finds `nothing`. A `hasty` one pays out right after its payouts were listed, once. It sells
    `times` as much as others.
    """

    currencies: tuple[str, ...] = ("USD", "CAD")
    timezone: str = "America/New_York"
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    times: int = 1
    largest: int = 40
    knows_payouts: str = "selects"
    hasty: bool = False
    listed: list[dict[str, Any]] = field(default_factory=list)
    payouts: list[dict[str, Any]] = field(default_factory=list)
    _available: dict[str, date] = field(default_factory=dict)
    _listing: tuple[object, list[dict[str, Any]]] | None = None

    def __post_init__(self) -> None:
        self._random, self._number = Random(self.seed), 0
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            if not self.quiet:
                self._settle()
                for currency in self.currencies:
                    self._happen(self.today, currency)
                    self._pay(self.today, currency)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Charge for a label eight days late; nothing has paid it yet."""
        day = self.today - timedelta(days=8)
        late = self._add(day, self.currencies[0], "SHIPPING_LABEL", "ADJUSTMENT", Decimal("-4.37"))
        self._available[late["id"]] = self.today + ONE_DAY
        return {day}

    def settlements(self) -> Mapping[str, Owed]:
        """Return each payout, and what is open."""
        matches = {}
        for payout in self.payouts:
            net = Decimal(payout["net"]["amount"])
            total = -abs(net) if payout["transactionType"] == "WITHDRAWAL" else net
            paid = None if payout["status"] == "SCHEDULED" else total
            matches[payout["legacyResourceId"]] = Owed(payout["net"]["currencyCode"], total, paid)
        for currency in self.currencies:
            total = sum((_net(t) for t in self._waiting(currency)), Decimal(0))
            matches[f"open-{currency}"] = Owed(currency, total, None)
        return matches

    def transactions(self) -> int:
        """Return all there are."""
        return len(self.listed)

    def root(self) -> dict[str, Any]:
        """Return the fields of the schema's root that are about money; no order is asked for."""

        def payouts(_info: object, **query: Any) -> dict[str, Any]:
            listed = connection(self.payouts, query, self.largest, issued_at="issuedAt")
            if self.hasty:
                self.hasty = False
                self._pay(self.today, self.currencies[0])
            return listed

        def transactions(_info: object, **query: Any) -> dict[str, Any]:
            filters = {"processed_at": "transactionDate", "payout_date": "payout_date"}
            if self.knows_payouts != "ignored":
                filters["payments_transfer_id"] = "payments_transfer_id"
            return connection(self._told(), query, self.largest, **filters)

        account = {"payouts": payouts, "balanceTransactions": transactions}
        return {"shopifyPaymentsAccount": account}

    def _told(self) -> list[dict[str, Any]]:
        """Return what is listed, with what it is searched by; made anew after each change."""
        state = (self.today, len(self.listed), *(p["status"] for p in self.payouts))
        if self._listing is None or self._listing[0] != state:
            self._listing = state, self._searchable()
        return self._listing[1]

    def _searchable(self) -> list[dict[str, Any]]:
        issued = {payout["id"]: payout for payout in self.payouts}
        expected = [t for t in self.listed if t["transactionDate"] < _stamp(self._at(self.today))]
        matches = []
        for transaction in expected:
            payout = issued.get(transaction["associatedPayout"]["id"], {})
            number = payout.get("legacyResourceId", "")
            searched = {
                "payments_transfer_id": number if self.knows_payouts == "selects" else "-",
                "payout_date": payout.get("issuedAt", "1970-01-01T00:00:00Z"),
            }
            matches.append({**transaction, **searched})
        return sorted(matches, key=lambda t: (t["transactionDate"], t["id"]))

    def _happen(self, day: date, currency: str) -> None:
        chance = self._random
        is_slow = day.weekday() == 6 or currency != self.currencies[0]
        if is_slow and chance.random() < 0.5:
            return
        for _ in range(self.times * chance.randint(0, 4)):
            gross = self._amount(8, 120)
            fee = (gross * Decimal("0.029") + Decimal("0.30")).quantize(_CENT)
            self._add(day, currency, "CHARGE", "CHARGE", gross, fee, order=self._order())
        if chance.random() < 0.3:
            self._add(day, currency, "REFUND", "REFUND", -self._amount(5, 40), order=self._order())
        if day.day == 1:
            self._add(day, currency, "BILLING_DEBIT", "SYSTEM_ADJUSTMENT", Decimal("-39.00"))
        # Readers have to leave these out.
        if chance.random() < 0.1:
            self._add(day, currency, "CHARGE", "CHARGE", self._amount(8, 20), test=True)
        for likely, kind, source, sign, fee_text in _ODDITIES:
            if chance.random() < likely:
                amount = sign * self._amount(2, 15)
                self._add(day, currency, kind, source, amount, Decimal(fee_text))

    def _add(
        self,
        day: date,
        currency: str,
        kind: str,
        source: str,
        amount: Decimal,
        fee: Decimal = Decimal(0),
        *,
        source_id: str | None = None,
        order: str | None = None,
        test: bool = False,
    ) -> dict[str, Any]:
        self._number += 1
        minutes = timedelta(minutes=self._random.randint(0, 24 * 60 - 1))
        number = f"{_GID}ShopifyPaymentsBalanceTransaction/{4_000_000 + self._number}"
        adjusted = "Label" if kind == "SHIPPING_LABEL" else None
        self.listed.append(
            {
                "id": number,
                "type": kind,
                "test": test,
                "transactionDate": _stamp(self._at(day) + minutes),
                "amount": _money(amount, currency),
                "fee": _money(fee, currency),
                "net": _money(amount - fee, currency),
                "sourceType": source,
                "sourceId": source_id or str(7_000_000 + self._number),
                "adjustmentReason": adjusted,
                "associatedOrder": _order_of(order),
                "associatedPayout": {"id": None, "status": "PENDING"},
            }
        )
        self._available[number] = day + timedelta(days=2)
        return self.listed[-1]

    def _waiting(self, currency: str) -> list[dict[str, Any]]:
        return [
            t
            for t in self.listed
            if t["associatedPayout"]["id"] is None
            and t["amount"]["currencyCode"] == currency
            and not t["test"]
        ]

    def _pay(self, day: date, currency: str) -> None:
        is_main = currency == self.currencies[0]
        if day.weekday() not in ({0, 2, 4} if is_main else {4}):
            return
        due = [t for t in self._waiting(currency) if self._available[t["id"]] <= day]
        total = sum((_net(t) for t in due), Decimal(0))
        if not due:
            return
        number = str(9_000_000 + len(self.payouts) + 1)
        self._add(day, currency, "TRANSFER", "TRANSFER", -total, source_id=number)
        withdrawal = total < 0
        # Whether a withdrawal's net has a sign is not known: every other one has.
        signless = withdrawal and len(self.payouts) % 2 == 0
        self.payouts.append(
            {
                "id": f"{_GID}ShopifyPaymentsPayout/{number}",
                "legacyResourceId": number,
                "issuedAt": _stamp(self._at(day) + timedelta(hours=5)),
                "status": "SCHEDULED",
                "transactionType": "WITHDRAWAL" if withdrawal else "DEPOSIT",
                "externalTraceId": None,
                "net": {
                    "amount": _plain(abs(total) if signless else total),
                    "currencyCode": currency,
                },
            }
        )
        for transaction in [*due, self.listed[-1]]:
            transaction["associatedPayout"] = {
                "id": self.payouts[-1]["id"],
                "status": "SCHEDULED",
            }

    def _settle(self) -> None:
        """Settle payouts: sent the day after, and every seventh comes back in three."""
        for place, payout in enumerate(self.payouts):
            issued = datetime.fromisoformat(payout["issuedAt"]).astimezone(UTC).date()
            age = (self.today - issued).days
            refused = place % 7 == 4
            if payout["status"] == "SCHEDULED" and age >= 1:
                self._now(payout, "IN_TRANSIT")
            elif payout["status"] == "IN_TRANSIT" and age >= 3:
                self._now(payout, "FAILED" if refused else "PAID")
                payout["externalTraceId"] = None if refused else f"TRACE{place:06}"
                if refused:
                    self._come_back(payout)

    def _now(self, payout: dict[str, Any], status: str) -> None:
        payout["status"] = status
        for transaction in self.listed:
            if transaction["associatedPayout"]["id"] == payout["id"]:
                transaction["associatedPayout"] = {"id": payout["id"], "status": status}

    def _come_back(self, payout: dict[str, Any]) -> None:
        net = self.settlements()[payout["legacyResourceId"]].total
        self._add(
            self.today,
            payout["net"]["currencyCode"],
            "TRANSFER_FAILURE",
            "TRANSFER",
            net,
            source_id=payout["legacyResourceId"],
        )

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.timezone)).astimezone(UTC)

    def _amount(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randint(low * 100, high * 100)) / 100

    def _order(self) -> str:
        return f"#{1001 + self._number}"


def _order_of(name: str | None) -> dict[str, str] | None:
    number = None if name is None else 5_000_000 + int(name[1:])
    return None if name is None else {"id": f"{_GID}Order/{number}", "name": name}


def _net(transaction: Mapping[str, Any]) -> Decimal:
    return Decimal(transaction["net"]["amount"])
