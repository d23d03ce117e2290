"""Purchase orders and items of a seller, as far as they are stored (Walmart Marketplace)."""

from connectors.channels.streams import Person, Record, Stream
from connectors.channels.walmart.feeds import read_orders, read_products

_AMOUNT = {"currency": "VARCHAR", "amount": "DECIMAL(19,4)"}
_CHARGE = {"chargeType": "VARCHAR", "chargeAmount": _AMOUNT, "tax": {"taxAmount": _AMOUNT}}
_ADDRESS = ("address1", "address2", "city", "state", "postalCode", "country")


def _buyer(order: Record) -> Person | None:
    """Return who bought, and where it is sent to."""
    shipping = order.get("shippingInfo") or {}
    place = shipping.get("postalAddress") or {}
    fields = {
        "name": str(place.get("name") or ""),
        "email": str(order.get("customerEmailId") or ""),
        "phone": str(shipping.get("phone") or ""),
        "address": ", ".join(str(place[part]) for part in _ADDRESS if place.get(part)),
    }
    buyer = order.get("buyerId") or order.get("customerEmailId")
    return Person(str(buyer), {k: v for k, v in fields.items() if v}) if buyer else None


ORDERS = Stream(
    name="orders",
    read=read_orders,
    fields={
        "purchaseOrderId": "VARCHAR",
        "customerOrderId": "VARCHAR",
        "customerEmailId": "VARCHAR",
        "buyerId": "VARCHAR",
        "isGuest": "BOOLEAN",
        "orderDate": "BIGINT",
        "shippingInfo": {"postalAddress": {"country": "VARCHAR"}},
        "shipNode": {"type": "VARCHAR"},
        "orderLines": {
            "orderLine": [
                {
                    "lineNumber": "VARCHAR",
                    "statusDate": "BIGINT",
                    "item": {"productName": "VARCHAR", "sku": "VARCHAR"},
                    "orderLineQuantity": {"amount": "DECIMAL(19,4)"},
                    "charges": {"charge": [_CHARGE]},
                    "orderLineStatuses": {"orderLineStatus": [{"status": "VARCHAR"}]},
                    "refund": {"refundCharges": {"refundCharge": [{"charge": _CHARGE}]}},
                }
            ]
        },
    },
    key="purchaseOrderId",
    created="make_timestamptz(orderDate * 1000)",
    modified=(
        "make_timestamptz(list_max(list_transform(orderLines.orderLine, "
        "lambda line: line.statusDate)) * 1000)"
    ),
    customer="coalesce(buyerId, customerEmailId)",
    is_guest="isGuest",
    transient=frozenset({"customerEmailId", "buyerId", "isGuest", "shippingInfo"}),
    derived={"ship_to": "shippingInfo.postalAddress.country"},
    person=_buyer,
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "sku": "VARCHAR",
        "wpid": "VARCHAR",
        "productName": "VARCHAR",
        "productType": "VARCHAR",
        "publishedStatus": "VARCHAR",
        "fulfillmentType": "VARCHAR",
        "price": _AMOUNT,
    },
    key="coalesce(wpid, sku)",
    # Nothing says when an item was changed: what is read last is the latest.
    modified="NULL",
)
STREAMS = (ORDERS, PRODUCTS)
