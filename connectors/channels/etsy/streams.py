"""Receipts and listings of a shop, as far as they are stored (Etsy Open API v3)."""

from connectors.channels.etsy.feeds import read_orders, read_products
from connectors.channels.streams import Person, Record, Stream

_AMOUNT = {"amount": "BIGINT", "divisor": "BIGINT", "currency_code": "VARCHAR"}
_ADDRESS = ("first_line", "second_line", "city", "state", "zip", "country_iso")


def _buyer(receipt: Record) -> Person | None:
    """Return who bought, and where it is sent to."""
    fields = {
        "name": str(receipt.get("name") or ""),
        "email": str(receipt.get("buyer_email") or ""),
        "address": ", ".join(str(receipt[part]) for part in _ADDRESS if receipt.get(part)),
    }
    buyer = receipt.get("buyer_user_id")
    return Person(str(buyer), {k: v for k, v in fields.items() if v}) if buyer else None


ORDERS = Stream(
    name="orders",
    read=read_orders,
    fields={
        "receipt_id": "VARCHAR",
        "status": "VARCHAR",
        "is_paid": "BOOLEAN",
        "is_shipped": "BOOLEAN",
        "created_timestamp": "BIGINT",
        "updated_timestamp": "BIGINT",
        "buyer_user_id": "VARCHAR",
        "country_iso": "VARCHAR",
        "payment_method": "VARCHAR",
        "grandtotal": _AMOUNT,
        "total_shipping_cost": _AMOUNT,
        "total_tax_cost": _AMOUNT,
        "total_vat_cost": _AMOUNT,
        "discount_amt": _AMOUNT,
        "refunds": [{"amount": _AMOUNT, "created_timestamp": "BIGINT", "status": "VARCHAR"}],
        "transactions": [
            {
                "transaction_id": "VARCHAR",
                "title": "VARCHAR",
                "quantity": "DECIMAL(19,4)",
                "product_id": "VARCHAR",
                "sku": "VARCHAR",
                "price": _AMOUNT,
                "paid_timestamp": "BIGINT",
            }
        ],
    },
    key="receipt_id",
    created="to_timestamp(created_timestamp)",
    modified="to_timestamp(updated_timestamp)",
    customer="buyer_user_id",
    transient=frozenset({"buyer_user_id"}),
    person=_buyer,
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "listing_id": "VARCHAR",
        "title": "VARCHAR",
        "state": "VARCHAR",
        "listing_type": "VARCHAR",
        "updated_timestamp": "BIGINT",
        "inventory": {
            "products": [
                {
                    "product_id": "VARCHAR",
                    "sku": "VARCHAR",
                    "is_deleted": "BOOLEAN",
                    "offerings": [{"price": _AMOUNT}],
                }
            ]
        },
    },
    key="listing_id",
    modified="to_timestamp(updated_timestamp)",
)
STREAMS = (ORDERS, PRODUCTS)
