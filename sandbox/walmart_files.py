"""Walmart's reconciliation reports as files."""

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

# From the end of a period to the day its report is listed under, in sellers' files of 2026.
PAYING = timedelta(days=3)
# In the order of sellers' files of 2026; the place of `Store Id` is UNCONFIRMED.
COLUMNS = (
    "Period Start Date", "Period End Date", "Total Payable", "Currency", "Transaction Key",
    "Transaction Posted Timestamp", "Transaction Type", "Transaction Description",
    "Customer Order #", "Customer Order line #", "Purchase Order #", "Purchase Order line #",
    "Amount", "Amount Type", "Ship Qty", "Commission Rate", "Base Commission Rate",
    "Transaction Reason Description", "Partner Item Id", "Partner GTIN", "Partner Item Name",
    "Product Tax Code", "Ship to State", "Ship to City", "Ship to Zipcode", "Contract Category",
    "Product Type", "Commission Rule", "Shipping Method", "Fulfillment Type",
    "Fulfillment Details", "Original Commission", "Commission Incentive Program",
    "Commission Saving", "Customer Promo Type", "Total Walmart Funded Savings Program",
    "Campaign Id", "Item Condition", "Original charge", "Charge Savings",
    "Incentive Program Name", "Ship to country", "Store Id",
)  # fmt: skip


@dataclass
class Report:
    """One report: whose period ends when, what is paid of it, and its rows as they stand."""

    end: date
    payable: Decimal
    rows: list[dict[str, str]]

    @property
    def listed(self) -> str:
        """Return the day of its payment, as Walmart lists it."""
        return f"{self.end + PAYING:%m%d%Y}"


def shown(day: date) -> str:
    """Return a day as reports write it."""
    return f"{day:%m/%d/%Y}"


def filled(row: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a row that say something."""
    return {name: value for name, value in row.items() if value}


def report_text(report: Report) -> str:
    """Return the file: its columns, the line that counts all lines, and the rows."""
    out = io.StringIO()
    # Walmart counts the header and this line among them.
    out.write(",".join(COLUMNS) + f"\r\nNumber of Lines in file {len(report.rows) + 2}\r\n")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writerows(report.rows)
    return out.getvalue()


def zipped(name: str, text: str) -> bytes:
    """Return an archive of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return out.getvalue()
