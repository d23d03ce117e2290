"""Orders, payments, items and customers of a merchant, as far as they are stored (Square API)."""

from connectors.channels.square.feeds import (
    read_contacts,
    read_orders,
    read_payments,
    read_products,
)
from connectors.channels.streams import Person, Record, Stream

_AMOUNT = {"amount": "BIGINT", "currency": "VARCHAR"}


def _customer(record: Record) -> Person | None:
    """Return the person of a customer's profile."""
    parts = (record.get("given_name"), record.get("family_name"))
    fields = {
        "name": " ".join(str(part) for part in parts if part),
        "company": str(record.get("company_name") or ""),
        "email": str(record.get("email_address") or ""),
        "phone": str(record.get("phone_number") or ""),
    }
    filled = {field: value for field, value in fields.items() if value}
    return Person(str(record["id"]), filled) if filled else None


ORDERS = Stream(
    name="orders",
    read=read_orders,
    fields={
        "id": "VARCHAR",
        "location_id": "VARCHAR",
        "reference_id": "VARCHAR",
        "state": "VARCHAR",
        "created_at": "VARCHAR",
        "updated_at": "VARCHAR",
        "closed_at": "VARCHAR",
        "customer_id": "VARCHAR",
        "source": {"name": "VARCHAR"},
        "total_money": _AMOUNT,
        "total_tax_money": _AMOUNT,
        "total_discount_money": _AMOUNT,
        "net_amounts": {"total_money": _AMOUNT},
        "line_items": [
            {
                "uid": "VARCHAR",
                "catalog_object_id": "VARCHAR",
                "name": "VARCHAR",
                "variation_name": "VARCHAR",
                "quantity": "DECIMAL(19,4)",
                "total_money": _AMOUNT,
                "total_discount_money": _AMOUNT,
                "total_tax_money": _AMOUNT,
            }
        ],
        "returns": [{"source_order_id": "VARCHAR"}],
    },
    key="id",
    created="created_at",
    modified="updated_at",
    customer="customer_id",
    is_guest="customer_id IS NULL",
    transient=frozenset({"customer_id"}),
)
PAYMENTS = Stream(
    name="payments",
    read=read_payments,
    fields={
        "id": "VARCHAR",
        "order_id": "VARCHAR",
        "status": "VARCHAR",
        "source_type": "VARCHAR",
        "created_at": "VARCHAR",
        "updated_at": "VARCHAR",
        "total_money": _AMOUNT,
        "refunded_money": _AMOUNT,
    },
    key="id",
    created="created_at",
    modified="updated_at",
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "id": "VARCHAR",
        "updated_at": "VARCHAR",
        "is_deleted": "BOOLEAN",
        "item_data": {
            "name": "VARCHAR",
            "product_type": "VARCHAR",
            "variations": [
                {
                    "id": "VARCHAR",
                    "item_variation_data": {
                        "name": "VARCHAR",
                        "sku": "VARCHAR",
                        "price_money": _AMOUNT,
                    },
                }
            ],
        },
    },
    key="id",
    modified="updated_at",
)
CONTACTS = Stream(
    name="contacts",
    read=read_contacts,
    fields={"id": "VARCHAR", "created_at": "VARCHAR", "updated_at": "VARCHAR"},
    key="id",
    modified="updated_at",
    customer="id",
    transient=frozenset({"id"}),
    person=_customer,
)
STREAMS = (ORDERS, PAYMENTS, PRODUCTS, CONTACTS)
