"""Amazon's settlement reports with a seller's money in them: what closes, and how it is listed.

Every site of a region settles by itself every fourteen days; the report comes the day after. It is
listed for whatever marketplace is asked for, some reports twice and one under a second number. What
no settlement has closed yet is nowhere. Sites write numbers and dates as Seller Central does there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.amazon_files import Line, amounts, line, report
from sandbox.amazon_sites import GERMANY, UNITED_KINGDOM, Site, site_row
from sandbox.money import FIRST, TODAY, Owed

ONE_DAY = timedelta(days=1)
PERIOD = timedelta(days=14)
_CENT = Decimal("0.01")


# What else a settlement may hold: how likely, its three words, and from how much to how much.
_OTHER = "other-transaction"
_ODDITIES: tuple[tuple[float, str, str, str, int, int], ...] = (
    (0.9, "ServiceFee", "Cost of Advertising", "TransactionTotalAmount", -60, -10),
    (0.7, _OTHER, _OTHER, "Subscription Fee", -39, -25),
    (0.6, _OTHER, _OTHER, "Storage Fee", -20, -2),
    (0.4, _OTHER, "FBA Inventory Reimbursement", "WAREHOUSE_DAMAGE", 4, 30),
    (0.3, _OTHER, "FBA Inventory Reimbursement", "REVERSAL_REIMBURSEMENT", -20, -4),
    (0.3, _OTHER, _OTHER, "Amazon Capital Services", -90, -40),
    (0.3, "Debt Adjustment", "Debt Adjustment", "Cross-Account Debt Adjustment for FR", -15, -5),
    (0.2, _OTHER, _OTHER, "Failed Disbursement", 20, 90),
    (0.3, "SAFE-T Reimbursement", _OTHER, "SAFE-T Reimbursement", 5, 25),
    (0.3, "CouponRedemptionFee", "CouponRedemptionFee", "Spring: 10% off", -3, -1),
)


@dataclass
class Listed:
    """A report as Amazon lists it: its numbers, its settlement, and its document."""

    number: str
    document: str
    settlement: str
    site: Site
    start: datetime
    end: datetime
    created: datetime
    content: bytes
    times: int = 1

    def entry(self) -> dict[str, Any]:
        """Return the report in a list."""
        return {
            "reportId": self.number,
            "reportType": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
            "marketplaceIds": [self.site.id],
            "dataStartTime": _iso(self.start),
            "dataEndTime": _iso(self.end),
            "createdTime": _iso(self.created),
            "processingStatus": "DONE",
            "processingStartTime": _iso(self.created),
            "processingEndTime": _iso(self.created),
            "reportDocumentId": self.document,
        }


@dataclass
class AmazonSettlement:
    """One settlement: its lines with their instants; closed once its days are over."""

    number: str
    site: Site
    start: datetime
    lines: list[tuple[datetime, Line]] = field(default_factory=list)

    @property
    def end(self) -> datetime:
        """Return when the next one begins."""
        return self.start + PERIOD

    @property
    def total(self) -> Decimal:
        """Return what its lines come to."""
        return sum((a for _, row in self.lines for a in amounts(row)), Decimal(0))

    def text(self) -> str:
        """Return the flat file."""
        site = self.site
        written = [site_row(row, at, site) for at, row in sorted(self.lines, key=lambda x: x[0])]
        return report(
            written,
            settlement=self.number,
            currency=site.currency,
            start=f"{self.start:{site.form}}",
            end=f"{self.end:{site.form}}",
            deposit=f"{self.end + 2 * ONE_DAY:{site.form}}",
            total=f"{self.total:f}".replace(".", site.mark),
            mark=site.mark,
        )


@dataclass
class AmazonMoney:
    """The money of one seller in one region; a `quiet` one has none. A page: `largest` reports.

    `heard` is told of every report that is made. It sells `times` as much as others.
    """

    sites: tuple[Site, ...] = (UNITED_KINGDOM, GERMANY)
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    times: int = 1
    largest: int = 5
    on_report: Callable[[Listed], None] | None = None
    reports: list[Listed] = field(default_factory=list)
    closed: dict[str, AmazonSettlement] = field(default_factory=dict)
    _open: dict[str, AmazonSettlement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Seeded: a failure must be the same one when it is looked into.
        self._random, self._number = Random(self.seed), 0
        end, self.today = self.today, self.first
        for place, site in enumerate(self.sites):
            # Within a day, as real ones begin: settlements and days never line up.
            start = datetime.combine(self.first, time(3 + place, 12, 45), UTC)
            self._open[site.id] = AmazonSettlement(self._next("2"), site, start)
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by; what ended on a day is told the day after."""
        for _ in range(days):
            if not self.quiet:
                for site in self.sites:
                    self._happen(site)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Make the last report anew, a fee a day later; the first one stays listed."""
        before = self.reports[-1]
        settlement = self.closed[before.settlement]
        middle = settlement.start + PERIOD / 2
        place, (at, row) = next(
            (i, matches) for i, matches in enumerate(settlement.lines) if matches[0] > middle
        )
        # The total stays: only the days move, which is the hardest restatement to notice.
        settlement.lines[place] = (at + ONE_DAY, row)
        self._list(settlement, _midnight(self.today) - timedelta(hours=1))
        return {at.date(), (at + ONE_DAY).date()}

    def settlements(self) -> Mapping[str, Owed]:
        """Return every settlement that has been told."""
        payload = {r.settlement for r in self.listed()}
        return {
            number: Owed(s.site.currency, s.total, s.total)
            for number, s in self.closed.items()
            if number in payload
        }

    def transactions(self) -> int:
        """Return the lines of settlements that are closed."""
        return sum(len(s.lines) for s in self.closed.values())

    def listed(self) -> list[Listed]:
        """Return the reports made by now, newest first, as often as they are listed."""
        made = [r for r in self.reports if r.created < _midnight(self.today)]
        return [
            r for r in sorted(made, key=lambda r: r.created, reverse=True) for _ in range(r.times)
        ]

    def events(self) -> list[tuple[datetime, Site, Line]]:
        """Return every line of every settlement, closed or not, in the order of their instants."""
        matches = [
            (at, s.site, row)
            for s in (*self.closed.values(), *self._open.values())
            for at, row in s.lines
        ]
        return sorted(matches, key=lambda e: (e[0], e[1].id, e[2].get("order-id", "")))

    def _happen(self, site: Site) -> None:
        settlement = self._open[site.id]
        for _ in range(self.times * self._random.randint(0, 2)):
            self._order(settlement)
        if self._random.random() < 0.15:
            self._refund(settlement)
        if settlement.end.date() == self.today:
            self._close(settlement)

    def _order(self, to: AmazonSettlement) -> None:
        price = self._amount(8, 90)
        at, item = self._instant(to), self._item(to.site)
        self._add(to, at, "Order", "ItemPrice", "Principal", price, quantity_purchased="1", **item)
        if to.site.withholds:
            tax = (price * Decimal("0.2")).quantize(_CENT)
            word = f"MarketplaceFacilitator{to.site.withholds}-Principal"
            self._add(to, at, "Order", "ItemPrice", "Tax", tax, **item)
            self._add(to, at, "Order", "ItemWithheldTax", word, -tax, **item)
        fee = (price * Decimal("0.15")).quantize(_CENT)
        self._add(to, at, "Order", "ItemFees", "Commission", -fee, **item)
        self._add(to, at, "Order", "ItemFees", "FBAPerUnitFulfillmentFee", Decimal("-3.41"), **item)
        if self._random.random() < 0.3:
            self._add(to, at, "Order", "Promotion", "Principal", Decimal("-1.00"), **item)

    def _refund(self, to: AmazonSettlement) -> None:
        price = self._amount(5, 40)
        kind = "Chargeback Refund" if self._random.random() < 0.2 else "Refund"
        at, item = self._instant(to), self._item(to.site)
        fee = (price * Decimal("0.15")).quantize(_CENT)
        self._add(to, at, kind, "ItemPrice", "Principal", -price, **item)
        self._add(to, at, kind, "ItemFees", "Commission", fee, **item)
        self._add(to, at, kind, "ItemFees", "RefundCommission", -(fee / 5).quantize(_CENT), **item)

    def _close(self, settlement: AmazonSettlement) -> None:
        """End the settlement: charge what is due then, hold back a reserve, and report."""
        for likely, kind, group, word, low, high in _ODDITIES:
            if self._random.random() < likely:
                at = settlement.start + ONE_DAY * self._random.randint(1, 12)
                self._add(settlement, at, kind, group, word, self._amount(low, high))
        following = AmazonSettlement(self._next("2"), settlement.site, settlement.end)
        if len(self.closed) == 1:
            # Amazon charges more than it owes: the shortfall comes up in the next settlement.
            at = settlement.end - ONE_DAY
            owed = -settlement.total - self._amount(20, 60)
            self._add(settlement, at, _OTHER, _OTHER, "DisposalComplete", owed)
            at = following.start + timedelta(hours=1)
            self._add(following, at, _OTHER, _OTHER, "Payable to Amazon", settlement.total)
        else:
            # What one settlement holds back opens the next, as in sellers' files.
            held, at = self._amount(10, 40), settlement.end - timedelta(minutes=1)
            self._add(settlement, at, _OTHER, _OTHER, "Current Reserve Amount", -held)
            at = following.start + timedelta(minutes=1)
            self._add(following, at, _OTHER, _OTHER, "Previous Reserve Amount Balance", held)
        self.closed[settlement.number] = settlement
        self._open[settlement.site.id] = following
        self._list(settlement, settlement.end + timedelta(hours=9))
        if len(self.closed) == 2:
            again = self.reports[-1]
            later = again.created + timedelta(hours=2)
            self._list(settlement, later, content=again.content)

    def _list(self, of: AmazonSettlement, created: datetime, content: bytes | None = None) -> None:
        number = self._next("5")
        self.reports.append(
            Listed(
                number,
                f"amzn1.spdoc.1.4.{number}",
                of.number,
                of.site,
                of.start,
                of.end,
                created,
                content or of.text().encode(of.site.charset),
                # Some are listed twice, so that nobody counts on a list without repeats.
                times=1 + len(self.reports) % 2,
            )
        )
        if self.on_report is not None:
            self.on_report(self.reports[-1])

    def _add(
        self,
        to: AmazonSettlement,
        at: datetime,
        kind: str,
        group: str,
        word: str,
        value: Decimal,
        **columns: str,
    ) -> None:
        to.lines.append((at, line(kind, group, word, f"{value:f}", **columns)))

    def _item(self, site: Site) -> dict[str, str]:
        self._number += 1
        return {
            "order_id": f"204-{self._number:07}-{self._random.randint(0, 9_999_999):07}",
            "marketplace_name": site.name,
            "order_item_code": f"{self._number:014}",
            "sku": self._random.choice(["MUG-BLUE", "KÄNNCHEN", "TRAY-OAK"]),
        }

    def _instant(self, settlement: AmazonSettlement) -> datetime:
        """Return a moment of today that the settlement is still open at."""
        seconds = self._random.randint(0, 86_399)
        matches = _midnight(self.today) + timedelta(seconds=seconds)
        # The day on which one closes belongs to two: an instant must lie in its own.
        return min(max(matches, settlement.start), settlement.end - timedelta(seconds=1))

    def _amount(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randint(low * 100, high * 100)) / 100

    def _next(self, kind: str) -> str:
        self._number += 1
        return f"{kind}{self.seed:03}{self._number:08}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
