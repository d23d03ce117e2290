"""Walmart's reconciliation reports of a seller's money: two weeks each, paid three days later.

Shapes: the OpenAPI document of reports and columns of real files of 2026. Lines carry a day and no
time. A report is listed by the day of its payment. What a seller owes at the end of a period is
taken out of the next payment, and no line of the report says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.money import TODAY, Owed
from sandbox.walmart_files import PAYING, Report, filled, report_text, shown, zipped

# Long enough for two reports.
FIRST = date(2026, 9, 26)
CYCLE = timedelta(days=14)
ONE_DAY = timedelta(days=1)
_CENT = Decimal("0.01")

# What else happens: how likely on a day, its three words, and between which amounts.
_ODDITIES: tuple[tuple[float, str, str, str, int, int], ...] = (
    (0.3, "Adjustment", "Fee/Reimbursement", "Walmart Shipping Label Service Charge", -12, -4),
    (0.3, "Adjustment", "WFS Fee/Reimbursement", "WFS Fulfillment fee", -9, -3),
    (0.1, "Service Fee", "WFS Inventory Fee/Reimbursement", "WFS StorageFee", -15, -1),
    (0.1, "Service Fee", "Fee/Reimbursement", "Walmart Product Advertising", -30, -5),
    (0.08, "Adjustment", "WFS Inventory Fee/Reimbursement", "WFS LostInventory", 5, 25),
    (0.05, "Adjustment", "Fee/Reimbursement", "Dispute Settlement", 5, 25),
    (0.05, "Adjustment", "SEM Marketing Fee", "SEM Marketing", -9, -2),
    (0.05, "Service Fee", "Review Accelerator Fee", "Review Accelerator", -10, -10),
)


@dataclass
class WalmartMoney:
    """The money of one seller; a `quiet` one has none. `no_files` are given as JSON alone.

    No page of JSON holds more than `largest` records. It sells `times` as much as others.
    """

    currency: str = "USD"
    first: date = FIRST
    today: date = TODAY
    seed: int = 1
    quiet: bool = False
    times: int = 1
    largest: int = 25
    reports: list[Report] = field(default_factory=list)
    no_files: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._random, self._number = Random(self.seed), 0
        self._waiting: list[tuple[date, dict[str, str]]] = []
        self._carried = Decimal(0)
        end, self.today = self.today, self.first
        self.advance((end - self.first).days)

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            if not self.quiet:
                self._happen(self.today)
                self._report(self.today)
            self.today += ONE_DAY

    def restate(self) -> set[date]:
        """Make the newest report anew, with one of its lines on the day after."""
        rows = self.reports[-1].rows
        row = next(r for r in rows if r["Transaction Type"] == "Sale")
        month, day, year = row["Transaction Posted Timestamp"].split("/")
        before = date(int(year), int(month), int(day))
        row["Transaction Posted Timestamp"] = shown(before + ONE_DAY)
        return {before, before + ONE_DAY}

    def settlements(self) -> Mapping[str, Owed]:
        """Return each report; what none covers is told nowhere."""
        return {
            f"{r.end + PAYING:%Y%m%d}": Owed(self.currency, r.payable, r.payable)
            for r in self.reports
        }

    def transactions(self) -> int:
        """Return the lines of all reports."""
        return sum(len(r.rows) for r in self.reports)

    def posted(self) -> list[dict[str, str]]:
        """Return the rows of every report, and those that wait for the next."""
        return [*(row for r in self.reports for row in r.rows), *(row for _, row in self._waiting)]

    def _happen(self, day: date) -> None:
        chance = self._random
        # Makes the first period negative, so that a balance is carried into the second.
        if day == self.first + ONE_DAY:
            self._add(day, "Service Fee", "Ocean freight and related services",
                      Decimal("-1400.00"), description="WMSC Logistics Services")  # fmt: skip
        for _ in range(self.times * chance.randint(0, 5)):
            self._sale(day)
        if chance.random() < 0.3:
            self._refund(day)
        if (day - self.first).days % 28 == 9:
            description = "Funds withheld to cover future refunds"
            self._add(day, "Reserve", "", Decimal("-25.00"), description=description)
        if (day - self.first).days % 28 == 20:
            self._add(
                day, "Release Reserve", "", Decimal("25.00"), description="Reserve credited back"
            )
        for likely, kind, word, description, low, high in _ODDITIES:
            if chance.random() < likely:
                self._add(day, kind, word, self._amount(low, high), description=description)

    def _sale(self, day: date) -> None:
        price = self._amount(12, 90)
        legs = {
            "Product Price": price,
            "Product tax": (price * Decimal("0.07")).quantize(_CENT),
            "Product tax withheld": -(price * Decimal("0.07")).quantize(_CENT),
        }
        if self._random.random() < 0.2:
            legs["Shipping"] = Decimal("5.99")
        if self._random.random() < 0.1:
            legs["Total Walmart Funded Savings"] = Decimal("2.00")
        if self._random.random() < 0.1:
            legs["Promo Code"] = Decimal("-1.50")
        charged = sum((legs.get(k, Decimal(0)) for k in ("Product Price", "Shipping")), Decimal(0))
        legs["Commission on Product"] = -(charged * Decimal("0.15")).quantize(_CENT)
        self._legs(day, "Sale", "Purchase", legs)

    def _refund(self, day: date) -> None:
        price = self._amount(5, 40)
        tax = (price * Decimal("0.07")).quantize(_CENT)
        legs = {
            "Product Price": -price,
            "Product tax": -tax,
            "Product tax withheld": tax,
            "Commission on Product": (price * Decimal("0.15")).quantize(_CENT),
        }
        self._legs(day, "Refund", "Return Refund", legs)

    def _legs(self, day: date, kind: str, description: str, legs: Mapping[str, Decimal]) -> None:
        """Add the amounts of one order line, which share a key."""
        self._number += 1
        same = {
            "Transaction Key": f"{day:%Y_%m_%d}_{self._number}",
            "Customer Order #": f"2000145331{self._number:05}",
            "Customer Order line #": "1",
            "Purchase Order #": f"1291123456{self._number:05}",
            "Purchase Order line #": "1",
            "Ship Qty": "1",
            "Partner Item Id": "MUG-BLUE",
            # A comma and a quote, which the CSV must escape.
            "Partner Item Name": 'Mug, 12", blue',
            "Ship to State": "AR",
            "Fulfillment Type": "Seller Fulfilled",
        }
        for word, amount in legs.items():
            self._add(day, kind, word, amount, description=description, **same)

    def _add(
        self, day: date, kind: str, word: str, amount: Decimal, *, description: str, **columns: str
    ) -> None:
        row = {
            "Transaction Posted Timestamp": shown(day),
            "Transaction Type": kind,
            "Transaction Description": description,
            "Amount": f"{amount.normalize():f}",
            "Amount Type": word,
            **columns,
        }
        self._waiting.append((day, row))

    def _report(self, day: date) -> None:
        """Report, on a day of payment, the period that ended three days before."""
        end = day - PAYING
        if end <= self.first or (end - self.first) % CYCLE:
            return
        rows = [row for posted, row in self._waiting if posted < end]
        self._waiting = [(posted, row) for posted, row in self._waiting if posted >= end]
        payable = self._carried + sum((Decimal(r["Amount"]) for r in rows), Decimal(0))
        # What the seller owes reduces the next payment, and no line of that report says so.
        self._carried = min(payable, Decimal(0))
        paid = {
            "Period Start Date": shown(end - CYCLE),
            "Period End Date": shown(end),
            "Total Payable": f"{payable:.2f}",
            "Currency": self.currency,
            "Transaction Posted Timestamp": shown(day),
            "Transaction Type": "PaymentSummary",
            "Transaction Description": "Deposited in PAYONEER account",
        }
        self.reports.append(Report(end, payable, [paid, *rows]))

    def _amount(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randint(low * 100, high * 100)) / 100

    def answer_dates(self, request: Request) -> Response:
        """Answer GET availableReconFiles, the newest first."""
        if request.query_params.get("reportVersion") != "v1":
            return _refused(404, "INVALID_REPORT_VERSION", "reportVersion")
        return JSONResponse({"availableApReportDates": [r.listed for r in reversed(self.reports)]})

    def answer_file(self, request: Request) -> Response:
        """Answer GET reconFile: a zip, and only to whom asks for bytes."""
        if request.query_params.get("reportVersion") != "v1":
            return _refused(404, "INVALID_REPORT_VERSION", "reportVersion")
        accepted = request.headers.get("accept", "")
        listed = request.query_params.get("reportDate", "")
        if "application/json" in accepted or listed in self.no_files:
            # With status 200, as sellers' tools met it: readers can't go by the status.
            return JSONResponse(_UNACCEPTABLE)
        if accepted != "application/octet-stream":
            return Response(None, 406)
        report = self._found(request)
        if isinstance(report, Response):
            return report
        name = f"Harbour_Goods_10001234567_MP_{listed}_reconciliationreport.csv"
        headers = {"Content-Disposition": "attachment; filename=10001234567_2026-10-27.zip"}
        content = zipped(name, report_text(report))
        return Response(content, 200, headers, "application/octet-stream")

    def answer_json(self, request: Request) -> Response:
        """Answer GET reconFileJson; offsets are nobody's to count, and -1 after the last page."""
        report = self._found(request)
        if isinstance(report, Response):
            return report
        try:
            offset = int(request.query_params["offset"])
            requested = int(request.query_params["noOfRecords"])
        except (KeyError, ValueError):
            return _refused(400, "INVALID_REQUEST_PARAM", "offset")
        # Real offsets are no row numbers: a client that computes them must fail here.
        start = offset // 973
        if offset % 973 or not 0 < requested <= 1000:
            return _refused(400, "INVALID_REQUEST_PARAM", "noOfRecords")
        end = start + min(requested, self.largest)
        shown = report.rows[start:end]
        answer: dict[str, Any] = {
            # Walmart's example has a pair of quotes for no day, and 973 as its first offset.
            "reportData": [{"Period Start Date": '""', **filled(row)} for row in shown],
            "nextOffset": end * 973 if end < len(report.rows) else -1,
            "totalRecords": len(shown),
            "description": f"Number of Lines in file {len(report.rows) + 2}             ",
        }
        return JSONResponse(answer)

    def _found(self, request: Request) -> Report | Response:
        requested = request.query_params.get("reportDate")
        if requested is None:
            return _refused(400, "INVALID_REQUEST_PARAM", "reportDate")
        matches = next((r for r in self.reports if r.listed == requested), None)
        return matches or _refused(404, "CONTENT_NOT_FOUND", "reportDate")


_UNACCEPTABLE = {
    "status": "ERROR",
    "error": {
        "source": "mp-payment-reporting-app-US",
        "message": "Could not find acceptable representation",
    },
}


def _refused(status: int, code: str, what: str) -> Response:
    payload = {
        "code": f"{code}.GMP_REPORT_API",
        "field": what,
        "description": "Invalid request",
        "severity": "ERROR",
        "category": "DATA",
        "errorIdentifiers": {},
    }
    return JSONResponse({"error": [payload]}, status)
