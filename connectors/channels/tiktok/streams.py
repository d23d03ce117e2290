"""Orders and products of a shop, as far as they are stored (TikTok Shop 202309)."""

from connectors.channels.streams import Person, Record, Stream
from connectors.channels.tiktok.feeds import read_orders, read_products

_MONEY = "DECIMAL(19,4)"


def _buyer(order: Record) -> Person | None:
    """Return who bought, as far as TikTok Shop tells: it masks names."""
    place = order.get("recipient_address") or {}
    fields = {
        "name": str(place.get("name") or ""),
        "email": str(order.get("buyer_email") or ""),
        "phone": str(place.get("phone_number") or ""),
        "address": str(place.get("full_address") or ""),
    }
    buyer = order.get("user_id")
    return Person(str(buyer), {k: v for k, v in fields.items() if v}) if buyer else None


ORDERS = Stream(
    name="orders",
    read=read_orders,
    windowed=True,
    fields={
        "id": "VARCHAR",
        "status": "VARCHAR",
        "create_time": "BIGINT",
        "update_time": "BIGINT",
        "paid_time": "BIGINT",
        "user_id": "VARCHAR",
        "recipient_address": {"region_code": "VARCHAR"},
        "commerce_platform": "VARCHAR",
        "fulfillment_type": "VARCHAR",
        "payment_method_name": "VARCHAR",
        "is_sample_order": "BOOLEAN",
        "payment": {
            "currency": "VARCHAR",
            "total_amount": _MONEY,
            "shipping_fee": _MONEY,
            "seller_discount": _MONEY,
            "platform_discount": _MONEY,
            "tax": _MONEY,
        },
        "line_items": [
            {
                "id": "VARCHAR",
                "sku_id": "VARCHAR",
                "seller_sku": "VARCHAR",
                "product_name": "VARCHAR",
                "sku_name": "VARCHAR",
                "sale_price": _MONEY,
                "seller_discount": _MONEY,
            }
        ],
    },
    key="id",
    created="to_timestamp(create_time)",
    modified="to_timestamp(update_time)",
    customer="user_id",
    transient=frozenset({"user_id"}),
    person=_buyer,
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "id": "VARCHAR",
        "title": "VARCHAR",
        "status": "VARCHAR",
        "update_time": "BIGINT",
        "skus": [
            {
                "id": "VARCHAR",
                "seller_sku": "VARCHAR",
                "price": {"currency": "VARCHAR", "sale_price": _MONEY},
            }
        ],
    },
    key="id",
    modified="to_timestamp(update_time)",
)
STREAMS = (ORDERS, PRODUCTS)
