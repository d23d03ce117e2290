"""Orders, products and customers of a shop, as far as they are stored (Admin GraphQL API)."""

from collections.abc import Sequence

from connectors.channels.shopify.feeds import read_contacts, read_orders, read_products
from connectors.channels.streams import Person, Record, Stream

_MONEY = "DECIMAL(19,4)"
_BAG = {"shopMoney": {"amount": _MONEY}}


def _customer(record: Record) -> Person | None:
    """Return the person of a customer's account."""
    mail = (record.get("defaultEmailAddress") or {}).get("emailAddress")
    name = " ".join(str(record[part]) for part in ("firstName", "lastName") if record.get(part))
    fields = {key: str(value) for key, value in (("name", name), ("email", mail)) if value}
    return Person(str(record["id"]), fields) if fields else None


def named_customers(body: Record) -> Sequence[str]:
    """Return the customer whom a request to erase or to report somebody names."""
    number = (body.get("customer") or {}).get("id")
    return [f"gid://shopify/Customer/{number}"] if number else []


ORDERS = Stream(
    name="orders",
    read=read_orders,
    windowed=True,
    fields={
        "id": "VARCHAR",
        "name": "VARCHAR",
        "createdAt": "VARCHAR",
        "updatedAt": "VARCHAR",
        "cancelledAt": "VARCHAR",
        "test": "BOOLEAN",
        "currencyCode": "VARCHAR",
        "displayFinancialStatus": "VARCHAR",
        "displayFulfillmentStatus": "VARCHAR",
        "sourceName": "VARCHAR",
        "app": {"name": "VARCHAR"},
        "totalPriceSet": _BAG,
        "totalTaxSet": _BAG,
        "totalShippingPriceSet": _BAG,
        "totalDiscountsSet": _BAG,
        "totalRefundedSet": _BAG,
        "customer": {"id": "VARCHAR"},
        "shippingAddress": {"countryCodeV2": "VARCHAR"},
        "transactions": [
            {
                "id": "VARCHAR",
                "kind": "VARCHAR",
                "status": "VARCHAR",
                "test": "BOOLEAN",
                "gateway": "VARCHAR",
                "processedAt": "VARCHAR",
                "amountSet": _BAG,
            }
        ],
        "lineItems": {
            "nodes": [
                {
                    "id": "VARCHAR",
                    "sku": "VARCHAR",
                    "name": "VARCHAR",
                    "quantity": _MONEY,
                    "discountedTotalSet": _BAG,
                    "totalDiscountSet": _BAG,
                    "taxLines": [{"priceSet": _BAG}],
                    "variant": {"id": "VARCHAR"},
                }
            ]
        },
    },
    key="id",
    created="createdAt",
    modified="updatedAt",
    customer="customer.id",
    is_guest="customer.id IS NULL",
    transient=frozenset({"customer"}),
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "id": "VARCHAR",
        "title": "VARCHAR",
        "status": "VARCHAR",
        "productType": "VARCHAR",
        "updatedAt": "VARCHAR",
        "variants": {
            "nodes": [
                {
                    "id": "VARCHAR",
                    "sku": "VARCHAR",
                    "title": "VARCHAR",
                    "price": _MONEY,
                    "inventoryItem": {"unitCost": {"amount": _MONEY, "currencyCode": "VARCHAR"}},
                }
            ]
        },
    },
    key="id",
    modified="updatedAt",
)
CONTACTS = Stream(
    name="contacts",
    read=read_contacts,
    fields={
        "id": "VARCHAR",
        "createdAt": "VARCHAR",
        "updatedAt": "VARCHAR",
        "defaultAddress": {"countryCodeV2": "VARCHAR"},
    },
    key="id",
    modified="updatedAt",
    customer="id",
    transient=frozenset({"id", "defaultAddress"}),
    derived={"country": "defaultAddress.countryCodeV2"},
    person=_customer,
)
STREAMS = (ORDERS, PRODUCTS, CONTACTS)
