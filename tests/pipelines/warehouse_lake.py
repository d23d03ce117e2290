"""A small lake for the warehouse's tests: days of a store that sells, is charged and is paid."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from mappings.columns import Table
from mappings.order_tables import (
    CONTACTS,
    ORDER_LINES,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    UNDATED,
)
from mappings.tables import (
    JOURNAL_LINES,
    PROVISIONAL_TRANSACTIONS,
    SETTLEMENTS,
    TABLES,
    TRANSACTIONS,
)
from pipelines.warehouse import WarehouseReport, publish_warehouse
from pipelines.warehouse.schema import WAREHOUSE_TABLES

FIRST = date(2024, 1, 1)
SETTLEMENT_DAYS = 2

LINES = (
    ("sales.principal", "20.00"),
    ("sales.shipping", "4.99"),
    ("tax.facilitator_in", "1.65"),
    ("tax.facilitator_out", "-1.65"),
    ("fee.referral", "-3.00"),
    ("fee.advertising", "-0.37"),
    ("refund.principal", "-5.00"),
    ("reserve.held", "-2.50"),
    ("transfer.seller_topup", "0.75"),
)

# The treatment, rate and remitter of some lines; the others are no supply.
TAXED = {
    "sales.principal": ("uk.standard", "20", "seller"),
    "refund.principal": ("uk.standard", "20", "seller"),
    "tax.contained": ("uk.standard", "20", "seller"),
    "sales.shipping": ("us.marketplace", None, "marketplace"),
    "tax.facilitator_in": ("us.marketplace", None, "marketplace"),
    "tax.facilitator_out": ("us.marketplace", None, "marketplace"),
    "fee.referral": ("fees.local", "20", "none"),
}

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Shop:
    """Writes the partitions of one store of a lake."""

    lake: Path
    connection: str = "amazon-us"
    currency: str = "USD"

    def day(self, number: int, orders: int = 1, variant: int = 0) -> None:
        """Write the three files of a day; `variant` changes its amounts."""
        rows = self.transactions(number, orders, variant)
        self.write(TRANSACTIONS, number, rows + self._payout(number, rows))
        self.write(SETTLEMENTS, number, self._statement(number, rows))
        self.write(JOURNAL_LINES, number, self._journal(number, rows))

    def orders(self, number: int) -> None:
        """Write a day's orders, one of them settled, and the store's listings and buyers."""
        day = FIRST + timedelta(days=number)
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        of_store = {"connection": self.connection, "channel": "amazon"}
        money = {"currency": self.currency, "tax": Decimal(1), "discount": Decimal(2)}
        numbers = (f"302-{number - 1:07}", f"302-9{number:06}")
        orders: list[Row] = [
            {
                **of_store, **money, "order_id": order, "placed_at": at, "business_date": day,
                "status": status, "platform_status": status, "total": Decimal(30),
                "refunded": Decimal(0), "customer_key": "a1b2", "is_guest": False,
                "is_test": False, "lines": 2, "imported_from": "api", "source": "site",
            }
            for order, status in zip(numbers, ("completed", "paid"), strict=True)
        ]  # fmt: skip
        lines: list[Row] = [
            {
                **of_store, **money, "order_id": order, "line_id": sku, "business_date": day,
                "sku": sku, "title": sku, "quantity": Decimal(1), "amount": Decimal(14),
            }
            for order in numbers
            for sku in ("MUG-0", "POT")
        ]  # fmt: skip
        payments: list[Row] = [
            {
                **of_store, "payment_id": f"{kind} {order}", "order_id": order, "kind": kind,
                "record_date": day, "status": "paid", "method": "card", "paid_at": at,
                "business_date": day, "currency": self.currency, "amount": Decimal(amount),
            }
            for order in numbers
            for kind, amount in (("payment", 30), ("refund", -5))
        ]  # fmt: skip
        self.write(ORDERS, number, orders)
        self.write(ORDER_LINES, number, lines)
        self.write(PAYMENTS, number, payments)

    def catalogue(self) -> None:
        """Write the store's listings, of which one has no SKU, and its buyer."""
        of_store = {"connection": self.connection, "channel": "amazon"}
        listing = {**of_store, "title": "Mug", "category": "Kitchen", "currency": self.currency}
        prices = {"price": Decimal(20), "unit_cost": Decimal(5)}
        at = datetime(2024, 1, 2, tzinfo=UTC)
        undated = (UNDATED - FIRST).days
        self.write(
            PRODUCTS,
            undated,
            [
                {**listing, **prices, "listing_id": "1", "sku": "MUG-0"},
                {**listing, "listing_id": "2"},
            ],
        )
        buyer = {**of_store, "customer_key": "a1b2", "kind": "guest", "created_at": at}
        self.write(CONTACTS, undated, [buyer])

    def foretell(self, number: int, variant: int = 0) -> None:
        """Write what is told of a day that no settlement covers yet."""
        self.write(PROVISIONAL_TRANSACTIONS, number, self.transactions(number, 1, variant))

    def remove(self, number: int) -> None:
        """The day's files, gone."""
        for table in TABLES.values():
            self.path(table, number).unlink(missing_ok=True)

    def path(self, table: Table, number: int) -> Path:
        """Where the file of a table and day stands."""
        day = FIRST + timedelta(days=number)
        return self.lake / table.name / self.connection / f"{day}.parquet"

    def write(self, table: Table, number: int, rows: list[Row]) -> None:
        """One file, by temporary name and rename as the lake does it."""
        path = self.path(table, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".tmp-{path.name}")
        pq.write_table(typed(table, rows), fresh)
        fresh.replace(path)

    def transactions(self, number: int, orders: int, variant: int = 0) -> list[Row]:
        """The lines of a day, without the payout."""
        return [
            self._line(number, order * 100 + row, order, category, Decimal(amount) + variant)
            for order in range(orders)
            for row, (category, amount) in enumerate(LINES)
        ]

    def _line(self, number: int, row: int, order: int, category: str, amount: Decimal) -> Row:
        day = FIRST + timedelta(days=number)
        return {
            "connection": self.connection,
            "channel": "amazon",
            "marketplace": "Amazon.com",
            "transaction_id": f"{self.connection}:{number}:{row}",
            "settlement_id": f"S{number // SETTLEMENT_DAYS}",
            "order_id": f"302-{order:07}",
            "sku": f"MUG-{order}" if category != "fee.advertising" else None,
            "quantity": 2,
            "posted_at": datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
            "business_date": day,
            "category": category,
            "source_type": category.replace(".", " / "),
            "currency": self.currency,
            "amount": amount,
            "tax_collected_by": "none",
            "document": "d0c",
            "row": row + 1,
        }

    def _payout(self, number: int, rows: list[Row]) -> list[Row]:
        if not rows:
            return []
        line = self._line(number, 9999, 0, "transfer.payout", -_total(rows))
        return [line | {"payout_id": "P", "order_id": None, "sku": None, "quantity": None}]

    def _statement(self, number: int, rows: list[Row]) -> list[Row]:
        """A settlement that stands in the file of its last day, and covers that day only."""
        if number % SETTLEMENT_DAYS != SETTLEMENT_DAYS - 1 or not rows:
            return []
        instant = rows[0]["posted_at"]
        total = _total(rows)
        return [
            {
                "connection": self.connection,
                "channel": "amazon",
                "settlement_id": f"S{number // SETTLEMENT_DAYS}",
                "currency": self.currency,
                "period_start": instant,
                "period_end": instant,
                "closing_date": rows[0]["business_date"],
                "declared_total": total,
                "raw_total": total,
                "raw_lines": len(rows),
                "deposit_date": rows[0]["business_date"],
                "payout_amount": total,
                "payout_status": "paid",
                "closed": True,
                "document": "d0c",
            }
        ]

    def _journal(self, number: int, rows: list[Row]) -> list[Row]:
        if not rows:
            return []
        day = FIRST + timedelta(days=number)
        settlement = f"S{number // SETTLEMENT_DAYS}"
        postings: list[tuple[str, Decimal, str | None]] = [
            (str(row["category"]), -_amount(row), None) for row in rows
        ]
        # Of a price with tax, a part is a line of its own.
        postings += [("tax.contained", Decimal(-2), None), ("sales.principal", Decimal(2), None)]
        postings.append(("clearing", _total(rows), settlement))
        return [
            {
                "entry_id": f"je:{self.connection}:{day}:{self.currency}",
                "line": line,
                "connection": self.connection,
                "business_date": day,
                "currency": self.currency,
                "part": "activity",
                "account": f"Accounts:{category}",
                "category": category,
                "settlement_id": settlement_id,
                "amount": amount,
                "transactions": 1,
                "content_hash": "c0de",
                **_tax(category),
            }
            for line, (category, amount, settlement_id) in enumerate(postings, start=1)
        ]


def _tax(category: str) -> Row:
    treatment, rate, remitted_by = TAXED.get(category, ("outside", None, "none"))
    country = "GB" if rate else "US"
    return {
        "tax_treatment": treatment,
        "tax_country": None if treatment == "outside" else country,
        "tax_region": "WA" if treatment == "us.marketplace" else None,
        "tax_rate": rate and Decimal(rate),
        "tax_remitted_by": remitted_by,
    }


def publication(number: int = 0, revision: int = 1, state: str = "posted") -> tuple[object, ...]:
    """One row of the registry's publications."""
    day = FIRST + timedelta(days=number)
    entry_id = f"je:amazon-us:{day}:USD"
    at = datetime(2024, 2, 1, tzinfo=UTC)
    reference = f"ref-{revision}" if state == "posted" else None
    return (
        "books", "amazon-us", day, "USD", revision, entry_id, "c0de", state, reference, None, at,
    )  # fmt: skip


def typed(table: Table, rows: list[Row]) -> pa.Table:
    """Rows as the lake's files have them; what a row does not say is null."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        columns = {name: [row.get(name) for row in rows] for name in table.names}
        incoming = pa.table(columns)
        con.register("incoming", incoming)
        return con.sql(f"SELECT {table.select_list()} FROM incoming").to_arrow_table()


def publish(lake: Path, warehouse: Path, *, rebuild: bool = False) -> WarehouseReport:
    """A publish without publications."""
    return publish_warehouse(lake, warehouse, [], rebuild=rebuild, threads=2, memory_limit="500MB")


def contents(warehouse: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table and mart, sorted."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{warehouse}' AS w (READ_ONLY)")
        return {
            table.name: con.execute(f"FROM w.{table.name} ORDER BY ALL").fetchall()
            for table in WAREHOUSE_TABLES
        }


def _amount(row: Row) -> Decimal:
    amount = row["amount"]
    assert isinstance(amount, Decimal)
    return amount


def _total(rows: list[Row]) -> Decimal:
    return sum((_amount(row) for row in rows), Decimal(0))
