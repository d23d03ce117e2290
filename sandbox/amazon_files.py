"""Settlement reports of Amazon, in the true formats.

V2 has 24 columns (23 in files without promotion-id), V1 has 36 (33 when nothing was promoted).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

Line = dict[str, str]

V2 = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
    "total-amount", "currency", "transaction-type", "order-id", "merchant-order-id",
    "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description",
    "amount", "fulfillment-id", "posted-date", "posted-date-time", "order-item-code",
    "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
    "promotion-id",
)  # fmt: skip
V1 = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
    "total-amount", "currency", "transaction-type", "order-id", "merchant-order-id",
    "adjustment-id", "shipment-id", "marketplace-name", "shipment-fee-type",
    "shipment-fee-amount", "order-fee-type", "order-fee-amount", "fulfillment-id", "posted-date",
    "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku",
    "quantity-purchased", "price-type", "price-amount", "item-related-fee-type",
    "item-related-fee-amount", "misc-fee-amount", "other-fee-amount",
    "other-fee-reason-description", "promotion-id", "promotion-type", "promotion-amount",
    "direct-payment-type", "direct-payment-amount", "other-amount",
)  # fmt: skip
# A settlement without promotions has a narrower file, which must be read as well.
V1_PLAIN = tuple(c for c in V1 if not c.startswith("promotion-"))


def line(
    kind: str,
    amount_type: str,
    description: str,
    amount: str,
    *,
    at: str = "2026-03-03 12:00:00 UTC",
    **columns: str,
) -> Line:
    """Return one amount of V2; further columns by name with `_` for `-`."""
    return {
        "transaction-type": kind,
        "amount-type": amount_type,
        "amount-description": description,
        "amount": amount,
        "posted-date": at[:10],
        "posted-date-time": at,
        **{name.replace("_", "-"): value for name, value in columns.items()},
    }


def v1_line(kind: str, *, at: str = "2026-03-03T12:00:00+00:00", **columns: str) -> Line:
    """Return one row of V1; its columns by name with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in columns.items()}
    return {"transaction-type": kind, "posted-date": at, **named}


def amount(text: str, mark: str = ".") -> Decimal:
    """Return the amount that a file writes as `text`."""
    plain = text.strip().replace("," if mark == "." else ".", "")
    return Decimal(plain.replace(mark, "."))


def amounts(row: Line, mark: str = ".") -> list[Decimal]:
    """Return the amounts of one row of either format."""
    return [
        amount(text, mark)
        for name, text in row.items()
        if name.endswith("amount") and name != "total-amount" and text
    ]


def report(
    lines: Sequence[Line],
    *,
    columns: Sequence[str] = V2,
    settlement: str = "20000000001",
    currency: str = "USD",
    start: str = "2026-03-01 00:00:00 UTC",
    end: str = "2026-03-15 00:00:00 UTC",
    deposit: str = "2026-03-17 00:00:00 UTC",
    total: str | None = None,
    mark: str = ".",
) -> str:
    """Return a whole report; its total is the sum of its lines unless another is stated."""
    # A stated total that is wrong is how a file that was cut off looks.
    if total is None:
        total_of_rows = sum((a for row in lines for a in amounts(row, mark)), Decimal(0))
        total = f"{total_of_rows:f}".replace(".", mark)
    summary = {
        "settlement-start-date": start,
        "settlement-end-date": end,
        "deposit-date": deposit,
        "total-amount": total,
        "currency": currency,
    }
    rows = [summary, *lines]
    return table(columns, ({"settlement-id": settlement, **row} for row in rows))


def table(columns: Sequence[str], rows: Iterable[Line]) -> str:
    """Return rows as tab-separated text under a header."""
    texts = ["\t".join(columns)]
    texts += ["\t".join(row.get(c, "") for c in columns) for row in rows]
    return "\n".join(texts) + "\n"


def order(
    number: str = "111-0000001-0000001",
    *,
    price: str = "20.00",
    fee: str = "-3.00",
    at: str = "2026-03-03 12:00:00 UTC",
) -> list[Line]:
    """Return the plainest order there is: an item and its commission."""
    item = {
        "order_id": number,
        "marketplace_name": "Amazon.com",
        "order_item_code": number[-7:],
        "sku": "MUG-BLUE",
    }
    return [
        line("Order", "ItemPrice", "Principal", price, at=at, quantity_purchased="1", **item),
        line("Order", "ItemFees", "Commission", fee, at=at, **item),
    ]
