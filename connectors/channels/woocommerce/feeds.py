"""Orders, products and customers of a store, by when they were changed.

Sources: the live index of WooCommerce 9.9.5 and its REST API's documentation. `modified_after` lies
outside and is read in the store's own time unless `dates_are_gmt`. Orders in the bin are in no list
but their own, and keep the status `trash`; carts (`checkout-draft`) are no orders yet. Customers
have no filter by date, and only those of the role `customer` are listed by default. Variations are
listed a product at a time. UNCONFIRMED: that a product counts as modified when a variation is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext
from connectors.channels.woocommerce.api import LIMITS, StoreApi, error_for, without_zone
from connectors.http.guard import Guard

# No names and no addresses: a country decides taxes, and a number tells customers apart; of guests
# the mail address does, which becomes a pseudonym before anything is stored.
_ORDER = (
    "id,number,parent_id,status,currency,prices_include_tax,created_via,customer_id,"
    "date_created_gmt,date_modified_gmt,date_paid_gmt,date_completed_gmt,total,total_tax,"
    "discount_total,shipping_total,shipping_tax,payment_method,transaction_id,billing.country,billing.email,"
    "shipping.country,line_items,fee_lines,coupon_lines,refunds"
)
_PRODUCT = (
    "id,parent_id,name,type,status,sku,global_unique_id,price,regular_price,virtual,downloadable,"
    "stock_status,categories,variations,date_created_gmt,date_modified_gmt"
)
_CUSTOMER = (
    "id,role,email,first_name,last_name,is_paying_customer,billing.country,shipping.country,"
    "date_created_gmt,date_modified_gmt"
)
_CARTS = frozenset({"checkout-draft", "auto-draft"})
_SECOND = timedelta(seconds=1)
_DECIMALS = 4


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders changed since, those in the bin last."""
    with _store(context) as store:
        # `any` leaves out the bin.
        for status in ("any", "trash"):
            filters = {**_changed(since), "status": status, "_fields": _ORDER}
            for page in store.listed("orders", **filters, dp=_DECIMALS):
                yield [order for order in page if order.get("status") not in _CARTS]


def read_products(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the products changed since, and of the variations of each.

    A variation is a record as a product is, with the number of its product as `parent_id`.
    """
    with _store(context) as store:
        for page in store.listed("products", **_changed(since), _fields=_PRODUCT):
            yield page
            for product in page:
                number = product.get("id")
                if not number or not product.get("variations"):
                    continue
                path = f"products/{number}/variations"
                for variations in store.listed(path, _fields=_PRODUCT):
                    # Versions before 9 leave the parent out, which the path says.
                    yield [{**each, "parent_id": number} for each in variations]


def read_contacts(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the users of every role that were made or changed since.

    All are read, because no filter selects them. One without a date always counts as changed.
    """
    limit = without_zone(since)
    with _store(context) as store:
        for page in store.listed("customers", role="all", _fields=_CUSTOMER):
            yield [
                user
                for user in page
                if (user.get("date_modified_gmt") or user.get("date_created_gmt") or limit) >= limit
            ]


def _changed(since: datetime) -> dict[str, str]:
    return {"modified_after": without_zone(since - _SECOND), "dates_are_gmt": "true"}


@contextmanager
def _store(context: SyncContext) -> Iterator[StoreApi]:
    transport = Guard(context.access.private_hosts)
    with context.remote("WooCommerce", LIMITS, error_for, transport=transport) as remote:
        yield StoreApi(context, remote)
