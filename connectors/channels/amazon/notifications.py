"""Amazon's notifications, whichever way they came into the queue.

Facts: the schemas of ORDER_CHANGE, TRANSACTION_UPDATE and REPORT_PROCESSING_FINISHED: the first two
write names in PascalCase, the last in camelCase. Through EventBridge a notification is the `detail`
of an event. UNCONFIRMED: whether REPORT_PROCESSING_FINISHED covers settlement reports, which
nobody asks for, and which of these types EventBridge takes.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.channels.amazon.marketplaces import KNOWN, REGIONS
from connectors.channels.notifications import Notification
from connectors.errors import BadInput

_SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_"
_MERCHANT = "amzn1.merchant.o."
# Transactions come one by one, all day: one sync serves those of a while.
_GATHERED = timedelta(minutes=30)


def parse(body: str) -> Notification:
    """Return the notification in a message; `BadInput` says why it is none."""
    try:
        message = _folded(json.loads(body))
    except ValueError as error:
        raise BadInput("it is not JSON") from error
    if not isinstance(message, dict):
        raise BadInput("it is no object")
    detail = message.get("detail", message)
    kind = None
    if isinstance(detail, dict):
        kind = detail.get("notificationtype", message.get("detail-type"))
    if not isinstance(kind, str) or not kind:
        raise BadInput("it names no type of notification")
    # No error: Amazon has many more types, and a subscription may send any of them here.
    if kind not in _READ:
        return Notification(kind, is_known=False, reason="Daybook has no use for it")
    try:
        # The payload names its one part differently for each type.
        (content,) = detail["payload"].values()
        return _READ[kind](content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"it is not what {kind} looks like") from error


def is_about(notification: Notification, account_id: str) -> bool:
    """Return whether a notification is about an account.

    Its seller, and in its region where that is told.
    """
    seller, _, place = account_id.partition("/")
    region = REGIONS.get(place)
    if notification.seller != seller or region is None:
        return False
    # Only a marketplace that is known to be another region's: a new one is in no list.
    elsewhere = notification.marketplace in KNOWN.keys() - {shop.id for shop in region.marketplaces}
    return not elsewhere


def _report(content: Mapping[str, Any]) -> Notification:
    """Read a report's notification: Amazon sends one for every report of the seller."""
    kind, seller = "REPORT_PROCESSING_FINISHED", content.get("sellerid")
    if seller is None:
        account = content["accountid"]
        seller = account.removeprefix(_MERCHANT) if account.startswith(_MERCHANT) else None
    report, status = content["reporttype"], content["processingstatus"]
    if not report.startswith(_SETTLEMENTS):
        return Notification(kind, seller, reason="the report is no settlement's")
    if status != "DONE":
        return Notification(kind, seller, reason=f"the report is {status}")
    return Notification(kind, seller, within=timedelta(0))


def _transaction(content: Mapping[str, Any]) -> Notification:
    whose = content["sellingpartnermetadata"]
    posted = datetime.fromisoformat(content["posteddate"])
    return Notification(
        "TRANSACTION_UPDATE",
        whose["sellingpartnerid"],
        whose.get("marketplaceid"),
        within=_GATHERED,
        posted=posted if posted.tzinfo else posted.replace(tzinfo=UTC),
    )


def _order(content: Mapping[str, Any]) -> Notification:
    return Notification(
        "ORDER_CHANGE", content["sellerid"], within=timedelta(0), is_about_orders=True
    )


_READ: Mapping[str, Callable[[Mapping[str, Any]], Notification]] = {
    "ORDER_CHANGE": _order,
    "REPORT_PROCESSING_FINISHED": _report,
    "TRANSACTION_UPDATE": _transaction,
}


def _folded(value: Any) -> Any:
    """Return the same with every name in small letters, as the types do not agree on theirs."""
    if isinstance(value, dict):
        return {name.lower(): _folded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_folded(part) for part in value]
    return value
