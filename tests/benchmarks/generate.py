"""Amazon V2 settlement files of any size: what the speed of the chain is measured on.

Here belongs the making of input only. Files are in the German form (comma, dd.mm.yyyy), invented
and seeded: the same arguments give the same bytes. Every file's lines sum to its summary row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from connectors.lake.engine import quoted

FORTNIGHT = timedelta(days=14)
FIRST_SETTLEMENT = 25_400_000_000

COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
    "total-amount", "currency", "transaction-type", "order-id", "merchant-order-id",
    "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description",
    "amount", "fulfillment-id", "posted-date", "posted-date-time", "order-item-code",
    "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
    "promotion-id",
)  # fmt: skip

_OF_ITEMS = (
    "ItemFees / Commission",
    "ItemFees / DigitalServicesFee",
    "ItemPrice / GiftWrap",
    "ItemPrice / Principal",
    "ItemPrice / Shipping",
    "ItemPrice / ShippingTax",
    "ItemPrice / Tax",
    "ItemWithheldTax / MarketplaceFacilitatorVAT-Principal",
    "ItemWithheldTax / MarketplaceFacilitatorVAT-Shipping",
    "Promotion / Shipping",
)
_OF_THE_ACCOUNT = (
    "Subscription Fee", "Storage Fee", "StorageRenewalBilling", "Shipping label purchase",
    "Shipping label purchase for return", "Current Reserve Amount",
    "Previous Reserve Amount Balance",
)  # fmt: skip
WORDS = (
    *(f"{kind} / {words}" for kind in ("Order", "Refund") for words in _OF_ITEMS),
    "Order / ItemFees / FBAPerUnitFulfillmentFee",
    "Refund / ItemFees / RefundCommission",
    "ServiceFee / Cost of Advertising / TransactionTotalAmount",
    *(f"other-transaction / other-transaction / {words}" for words in _OF_THE_ACCOUNT),
)

# Two of three orders have one item, the third has two; an item has four to eleven lines. One order
# in 33 is a refund, from one in 12 the marketplace withholds the tax.
LINES = """
CREATE OR REPLACE TEMP TABLE lines AS
WITH items AS (
    SELECT
        (r // 12) * 3 // 4 AS o, r // 12 AS i, r % 12 AS k,
        (hash($seed, $settlement, r // 12) >> 1)::BIGINT AS h,
        (hash($seed, $settlement, (r // 12) * 3 // 4) >> 1)::BIGINT AS oh
    FROM range($items * 12) t(r)
),
kinds AS (
    SELECT
        *, o % 33 = 32 AS refund, o % 12 = 5 AS withheld, h % 3 <> 0 AS shipped,
        (490 + h % 7500)::BIGINT AS price,
        $start + to_microseconds(($span * (o / ($items * 0.75)))::BIGINT) AS posted
    FROM items
),
priced AS (
    SELECT *, CASE k
        WHEN 0 THEN price
        WHEN 1 THEN round(price * 0.19)
        WHEN 2 THEN 399
        WHEN 3 THEN 76
        WHEN 4 THEN 250
        WHEN 5 THEN -round(price * 0.15)
        WHEN 6 THEN -328
        WHEN 7 THEN -round(price * 0.004)
        WHEN 8 THEN -399
        WHEN 9 THEN -round(price * 0.19)
        WHEN 10 THEN -76
        ELSE round(price * 0.03)
    END::BIGINT AS cents
    FROM kinds
    WHERE CASE k
        WHEN 2 THEN shipped WHEN 3 THEN shipped WHEN 4 THEN h % 50 = 0
        WHEN 6 THEN NOT refund WHEN 7 THEN h % 4 = 0 WHEN 8 THEN shipped AND h % 5 < 2
        WHEN 9 THEN withheld WHEN 10 THEN withheld AND shipped WHEN 11 THEN refund
        ELSE true
    END
)
SELECT
    CASE WHEN refund THEN 'Refund' ELSE 'Order' END AS type,
    printf('%03d-%07d-%07d', 302 + oh % 4, oh % 9999991, o) AS order_id,
    CASE WHEN refund THEN 'amzn1:crow:' || to_base64(encode(printf('%016x', oh))) END AS adjustment,
    CASE WHEN NOT refund THEN printf('U%08x', oh % 4294967291) END AS shipment,
    'Amazon.de' AS site,
    CASE WHEN k <= 4 THEN 'ItemPrice' WHEN k IN (9, 10) THEN 'ItemWithheldTax'
        WHEN k = 8 THEN 'Promotion' ELSE 'ItemFees' END AS kind,
    ['Principal', 'Tax', 'Shipping', 'ShippingTax', 'GiftWrap', 'Commission',
        'FBAPerUnitFulfillmentFee', 'DigitalServicesFee', 'Shipping',
        'MarketplaceFacilitatorVAT-Principal', 'MarketplaceFacilitatorVAT-Shipping',
        'RefundCommission'][k + 1] AS description,
    CASE WHEN refund THEN -cents ELSE cents END AS cents,
    'AFN' AS fulfilment,
    posted,
    printf('%014d', h % 99999999999973) AS item,
    CASE WHEN refund THEN printf('%019d', h % 999999999999999989) END AS adjusted_item,
    printf('HB-%04d-%s', h % 1800, ['S', 'M', 'L', 'XL'][h % 4 + 1]) AS sku,
    CASE WHEN k = 0 AND NOT refund THEN 1 END AS units,
    CASE WHEN k = 8 THEN 'DE Core Free Shipping 2026/04/01' END AS promotion
FROM priced
LIMIT $lines - 20
"""

# Fees of the account: advertising, storage, a plan, labels, and the reserve kept and given back.
SERVICES = """
INSERT INTO lines BY NAME
SELECT
    CASE WHEN n < 13 THEN 'ServiceFee' ELSE 'other-transaction' END AS type,
    CASE WHEN n < 13 THEN 'Cost of Advertising' ELSE 'other-transaction' END AS kind,
    CASE WHEN n < 13 THEN 'TransactionTotalAmount' ELSE [
        'Subscription Fee', 'Storage Fee', 'StorageRenewalBilling', 'Shipping label purchase',
        'Shipping label purchase for return', 'Current Reserve Amount',
        'Previous Reserve Amount Balance'][n - 12] END AS description,
    CASE n WHEN 18 THEN -25000 WHEN 19 THEN 25000 ELSE -(1500 + 137 * n) END AS cents,
    $start + to_microseconds(($span * (n / 20.0))::BIGINT) AS posted
FROM range(20) t(n)
"""

STAMP = "%d.%m.%Y %H:%M:%S UTC"

ROWS = """
COPY (
    SELECT {summary}
    UNION ALL
    SELECT
        $settlement, NULL, NULL, NULL, NULL, NULL, type, order_id, order_id, adjustment, shipment,
        site, kind, description,
        printf('%s%d,%02d', CASE WHEN cents < 0 THEN '-' ELSE '' END,
            abs(cents) // 100, abs(cents) % 100),
        fulfilment, strftime(posted, '%d.%m.%Y'), strftime(posted, '%d.%m.%Y %H:%M:%S UTC'),
        item, NULL, adjusted_item, sku, units, promotion
    FROM lines
) TO {path} (FORMAT csv, HEADER, DELIMITER '\t', QUOTE '', ESCAPE '')
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many lines in all, over how many two-week settlements, from when on."""

    lines: int
    settlements: int = 26
    start: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    seed: int = 7
    period: timedelta = FORTNIGHT


def write_settlements(folder: Path, shape: Shape) -> Iterator[Path]:
    """Write one settlement file after the other, each ending where the next starts."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"temp_directory": str(folder / ".spill")}) as con:
        con.execute("SET TimeZone = 'UTC'")
        for number in range(shape.settlements):
            yield _write_one(con, folder, shape, number)


def _write_one(con: duckdb.DuckDBPyConnection, folder: Path, shape: Shape, number: int) -> Path:
    settlement = FIRST_SETTLEMENT + shape.seed * 1000 + number
    start = shape.start + number * shape.period
    lines = shape.lines // shape.settlements
    when = {
        "start": start.replace(tzinfo=None),
        "span": int(shape.period.total_seconds() * 1_000_000),
    }
    con.execute(
        LINES,
        {
            "seed": shape.seed,
            "settlement": settlement,
            "items": max(4, lines * 100 // 596),
            "lines": lines,
            **when,
        },
    )
    con.execute(SERVICES, when)
    cents = con.execute("SELECT sum(cents) FROM lines").fetchone()
    assert cents is not None
    total = f"{Decimal(int(cents[0])) / 100:.2f}".replace(".", ",")
    end = start + shape.period
    stated = (start, end, end + timedelta(days=2))
    values = [str(settlement), *(f"{t:{STAMP}}" for t in stated), total, "EUR"]
    summary = ", ".join(
        f'{quoted(values[i]) if i < len(values) else "NULL"} AS "{name}"'
        for i, name in enumerate(COLUMNS)
    )
    path = folder / f"{settlement}.txt"
    query = ROWS.format(summary=summary, path=quoted(str(path)))
    con.execute(query, {"settlement": str(settlement)})
    return path
