"""Orders, products and customers of a store, as far as they are stored (WooCommerce REST v3)."""

from connectors.channels.streams import Person, Record, Stream
from connectors.channels.woocommerce.feeds import read_contacts, read_orders, read_products

_MONEY = "DECIMAL(19,4)"
_ADDRESS = ("address_1", "address_2", "city", "state", "postcode", "country")


def _buyer(order: Record) -> Person | None:
    """Return who an order bills; the id is that of the account, or the mail address of a guest."""
    billing = order.get("billing") or {}
    account = str(order.get("customer_id") or 0)
    customer = f"id {account}" if account != "0" else str(billing.get("email") or "")
    return _person(customer, billing)


def _customer(record: Record) -> Person | None:
    """Return the person of a customer's account."""
    return _person(f"id {record['id']}", {**(record.get("billing") or {}), **record})


def _person(customer: str, stated: Record) -> Person | None:
    name = " ".join(str(stated.get(part) or "") for part in ("first_name", "last_name")).strip()
    address = ", ".join(str(stated[part]) for part in _ADDRESS if stated.get(part))
    fields = {
        "name": name,
        "company": str(stated.get("company") or ""),
        "email": str(stated.get("email") or ""),
        "phone": str(stated.get("phone") or ""),
        "address": address,
    }
    filled = {field: value for field, value in fields.items() if value}
    return Person(customer, filled) if customer and filled else None


ORDERS = Stream(
    name="orders",
    read=read_orders,
    fields={
        "id": "VARCHAR",
        "number": "VARCHAR",
        "status": "VARCHAR",
        "currency": "VARCHAR",
        "date_created_gmt": "VARCHAR",
        "date_modified_gmt": "VARCHAR",
        "date_paid_gmt": "VARCHAR",
        "total": _MONEY,
        "total_tax": _MONEY,
        "shipping_total": _MONEY,
        "discount_total": _MONEY,
        "payment_method": "VARCHAR",
        "transaction_id": "VARCHAR",
        "created_via": "VARCHAR",
        "customer_id": "VARCHAR",
        "billing": {"email": "VARCHAR", "country": "VARCHAR"},
        "shipping": {"country": "VARCHAR"},
        "line_items": [
            {
                "id": "VARCHAR",
                "product_id": "VARCHAR",
                "variation_id": "VARCHAR",
                "name": "VARCHAR",
                "sku": "VARCHAR",
                "quantity": _MONEY,
                "subtotal": _MONEY,
                "total": _MONEY,
                "total_tax": _MONEY,
            }
        ],
        "refunds": [{"id": "VARCHAR", "total": _MONEY}],
    },
    key="id",
    created="date_created_gmt || 'Z'",
    modified="date_modified_gmt || 'Z'",
    customer=(
        "CASE WHEN customer_id <> '0' THEN 'id ' || customer_id ELSE nullif(billing.email, '') END"
    ),
    is_guest="coalesce(customer_id, '0') = '0'",
    transient=frozenset({"customer_id", "billing", "shipping"}),
    derived={"billing_country": "billing.country", "shipping_country": "shipping.country"},
    person=_buyer,
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "id": "VARCHAR",
        "parent_id": "VARCHAR",
        "name": "VARCHAR",
        "sku": "VARCHAR",
        "status": "VARCHAR",
        "virtual": "VARCHAR",
        "downloadable": "VARCHAR",
        "price": "VARCHAR",
        "categories": [{"name": "VARCHAR"}],
        "date_modified_gmt": "VARCHAR",
    },
    key="id",
    modified="date_modified_gmt || 'Z'",
    transient=frozenset({"categories"}),
    derived={"category": "categories[1].name"},
)
CONTACTS = Stream(
    name="contacts",
    read=read_contacts,
    fields={
        "id": "VARCHAR",
        "role": "VARCHAR",
        "billing": {"country": "VARCHAR"},
        "date_created_gmt": "VARCHAR",
        "date_modified_gmt": "VARCHAR",
    },
    key="id",
    created="date_created_gmt || 'Z'",
    modified="coalesce(date_modified_gmt, date_created_gmt) || 'Z'",
    customer="'id ' || id",
    transient=frozenset({"id", "billing"}),
    derived={"country": "billing.country"},
    person=_customer,
)
STREAMS = (ORDERS, PRODUCTS, CONTACTS)
