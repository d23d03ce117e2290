"""Orders and inventory items of a seller, as far as they are stored (Fulfillment, Inventory v1)."""

from collections.abc import Sequence

from connectors.channels.ebay.feeds import read_orders, read_products
from connectors.channels.streams import Person, Record, Stream

_AMOUNT = {"value": "DECIMAL(19,4)", "currency": "VARCHAR"}


def _buyer(order: Record) -> Person | None:
    """Return who bought, and where it is sent to."""
    instructions = order.get("fulfillmentStartInstructions") or [{}]
    ship_to = (instructions[0].get("shippingStep") or {}).get("shipTo") or {}
    address = ship_to.get("contactAddress") or {}
    username = str((order.get("buyer") or {}).get("username") or "")
    fields = {
        "name": str(ship_to.get("fullName") or ""),
        "username": username,
        "email": str(ship_to.get("email") or ""),
        "phone": str((ship_to.get("primaryPhone") or {}).get("phoneNumber") or ""),
        "address": ", ".join(str(part) for part in address.values() if part),
    }
    return Person(username, {k: v for k, v in fields.items() if v}) if username else None


def named_customers(body: Record) -> Sequence[str]:
    """Return the buyer that a notice of MARKETPLACE_ACCOUNT_DELETION names."""
    named = (body.get("notification") or {}).get("data") or {}
    return [str(named["username"])] if named.get("username") else []


ORDERS = Stream(
    name="orders",
    read=read_orders,
    windowed=True,
    fields={
        "orderId": "VARCHAR",
        "creationDate": "VARCHAR",
        "lastModifiedDate": "VARCHAR",
        "orderFulfillmentStatus": "VARCHAR",
        "orderPaymentStatus": "VARCHAR",
        "buyer": {"username": "VARCHAR"},
        "cancelStatus": {"cancelState": "VARCHAR"},
        "pricingSummary": {
            "total": _AMOUNT,
            "deliveryCost": _AMOUNT,
            "priceDiscount": _AMOUNT,
            "tax": _AMOUNT,
        },
        "paymentSummary": {
            "payments": [
                {
                    "paymentReferenceId": "VARCHAR",
                    "paymentMethod": "VARCHAR",
                    "paymentDate": "VARCHAR",
                    "paymentStatus": "VARCHAR",
                    "amount": _AMOUNT,
                }
            ],
            "refunds": [
                {
                    "refundId": "VARCHAR",
                    "refundDate": "VARCHAR",
                    "refundStatus": "VARCHAR",
                    "amount": _AMOUNT,
                }
            ],
        },
        "fulfillmentStartInstructions": [
            {"shippingStep": {"shipTo": {"contactAddress": {"countryCode": "VARCHAR"}}}}
        ],
        "lineItems": [
            {
                "lineItemId": "VARCHAR",
                "legacyItemId": "VARCHAR",
                "legacyVariationId": "VARCHAR",
                "sku": "VARCHAR",
                "title": "VARCHAR",
                "quantity": "DECIMAL(19,4)",
                "lineItemCost": _AMOUNT,
                "discountedLineItemCost": _AMOUNT,
                "taxes": [{"amount": _AMOUNT}],
                "purchaseMarketplaceId": "VARCHAR",
            }
        ],
    },
    key="orderId",
    created="creationDate",
    modified="lastModifiedDate",
    customer="buyer.username",
    transient=frozenset({"buyer"}),
    person=_buyer,
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "sku": "VARCHAR",
        "condition": "VARCHAR",
        "product": {"title": "VARCHAR", "brand": "VARCHAR"},
    },
    key="sku",
    # Nothing says when an item was changed: what is read last is the latest.
    modified="NULL",
)
STREAMS = (ORDERS, PRODUCTS)
