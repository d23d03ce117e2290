"""Amazon's notifications: the API that subscribes, and what it tells.

Shapes: the Notifications model v1 and the notifications' own schemas. UNCONFIRMED and assumed here:
that Amazon tells of settlement reports, and refuses a destination whose queue it may not send to
with 400.
"""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.amazon_money import Listed
from sandbox.sqs import ARN, AWS_ACCOUNT, REGION, URL, Sqs

SCOPE = "sellingpartnerapi::notifications"
_SOURCE = f"aws.partner/sellingpartnerapi.amazon.com/{AWS_ACCOUNT}/amzn1.sp.solution.5e6f"


@dataclass
class NotificationDesk:
    """Destinations of the application, subscriptions of sellers, and their one queue.

    Without `allowed` the queue's policy lets Amazon send nothing. With `nulls` it writes, as it has
    been seen to and its model does not say, null for what a destination is not.
    """

    sqs: Sqs = field(default_factory=Sqs)
    allowed: bool = True
    nulls: bool = False
    destinations: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def fields(self, **further: str) -> dict[str, str]:
        """Return what the owner types about the queue."""
        key = {"access_key_id": self.sqs.key_id, "secret_access_key": self.sqs.secret}
        return {"queue_url": URL, "region": REGION, **key, **further}

    def finished(self, account: str, listed: Listed) -> None:
        """Tell whoever subscribed that a report was made."""
        subscription = self.subscriptions.get((account, "REPORT_PROCESSING_FINISHED"))
        if subscription is None:
            return
        seller = account.partition("/")[0]
        payload = report_finished(seller, report=listed.number, document=listed.document)
        (where,) = (
            d for d in self.destinations if d["destinationId"] == subscription["destinationId"]
        )
        # EventBridge wraps what a queue of the application's would get bare.
        event = where["resource"]["eventBridge"] is not None
        self.sqs.send(json.dumps(as_event(payload) if event else payload))

    async def listed(self, request: Request) -> Response:
        """Answer GET and POST /destinations, with a token of the application's own."""
        if request.method == "GET":
            return JSONResponse({"payload": [self._told(d) for d in self.destinations]})
        payload = (await request.json())["resourceSpecification"]
        sqs, bridge = payload.get("sqs"), payload.get("eventBridge")
        if sqs and not (self.allowed and sqs["arn"] == ARN):
            return _refused(400, "InvalidInput", "The queue's policy does not allow it")
        if bridge:
            bridge = {"name": _SOURCE, **bridge}
        resource = {"sqs": sqs, "eventBridge": bridge}
        # Amazon takes a queue once for an application; a second try has to find the first.
        if any(there["resource"] == resource for there in self.destinations):
            return _refused(409, "StateConflict", "It conflicts with the current state.")
        made = {"name": "Daybook", "destinationId": str(uuid.uuid4()), "resource": resource}
        self.destinations.append(made)
        return JSONResponse({"payload": self._told(made)})

    def _told(self, destination: dict[str, Any]) -> dict[str, Any]:
        resource = destination["resource"].items()
        there = {kind: what for kind, what in resource if what or self.nulls}
        return {**destination, "resource": there}

    async def subscription(self, request: Request, account: str) -> Response:
        """Answer GET and POST /subscriptions/{kind}, of one seller."""
        place = (account, request.path_params["kind"])
        there = self.subscriptions.get(place)
        if request.method == "GET":
            if there is None:
                return _refused(404, "NotFound", "The requested resource doesn't exist.")
            return JSONResponse({"payload": there})
        if there is not None:
            return _refused(409, "StateConflict", "It conflicts with the current state.")
        payload = await request.json()
        if payload["destinationId"] not in {d["destinationId"] for d in self.destinations}:
            return _refused(400, "InvalidInput", "destinationId")
        self.subscriptions[place] = {"subscriptionId": str(uuid.uuid4()), **payload}
        return JSONResponse({"payload": self.subscriptions[place]})


def report_finished(
    seller: str,
    *,
    report: str = "50013018484",
    document: str = "amzn1.spdoc.1.4.na.1",
    kind: str = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
    status: str = "DONE",
) -> dict[str, Any]:
    """Return a REPORT_PROCESSING_FINISHED."""
    text = {
        "sellerId": seller,
        "accountId": f"amzn1.merchant.o.{seller}",
        "reportId": report,
        "reportType": kind,
        "processingStatus": status,
        "reportDocumentId": document,
    }
    # Written in camelCase by its schema, unlike the other types here.
    return _envelope(
        "REPORT_PROCESSING_FINISHED", {"reportProcessingFinishedNotification": text}, "2020-09-04"
    )


def transaction_update(seller: str, posted: datetime, marketplace: str) -> dict[str, Any]:
    """Return a TRANSACTION_UPDATE."""
    text = {
        "SellingPartnerMetadata": {
            "SellingPartnerId": seller,
            "MarketplaceId": marketplace,
            "AccountType": "PAYABLE",
        },
        "RelatedIdentifiers": [
            {"RelatedIdentifierName": "OrderId", "RelatedIdentifierValue": "204-0000001-0000001"}
        ],
        "TransactionType": "Shipment",
        "PostedDate": _iso(posted),
        "TotalAmount": {"CurrencyAmount": 10.5, "CurrencyCode": "EUR"},
    }
    # The types do not agree: these two are in PascalCase, that of reports in camelCase.
    return _pascal(_envelope("TRANSACTION_UPDATE", {"TransactionUpdateNotification": text}))


def order_change(seller: str, marketplace: str) -> dict[str, Any]:
    """Return an ORDER_CHANGE."""
    now = _iso(datetime.now(UTC))
    text = {
        "NotificationLevel": "OrderLevel",
        "SellerId": seller,
        "AmazonOrderId": "204-0000001-0000001",
        "OrderChangeType": "OrderStatusChange",
        "OrderChangeTrigger": {"TimeOfOrderChange": now, "ChangeReason": "Shipped"},
        "Summary": {
            "MarketplaceId": marketplace,
            "OrderStatus": "Shipped",
            "PurchaseDate": now,
            "DestinationPostalCode": "10115",
            "FulfillmentType": "AFN",
            "OrderType": "StandardOrder",
            "OrderItems": [],
        },
    }
    return _pascal(_envelope("ORDER_CHANGE", {"OrderChangeNotification": text}))


def as_event(notification: dict[str, Any]) -> dict[str, Any]:
    """Return the notification as a rule of EventBridge hands it to a queue."""
    kind = notification.get("notificationType") or notification["NotificationType"]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": _SOURCE,
        "account": AWS_ACCOUNT,
        "time": _iso(datetime.now(UTC)),
        "region": REGION,
        "resources": [],
        "detail": notification,
    }


def _envelope(kind: str, payload: dict[str, Any], version: str = "1.0") -> dict[str, Any]:
    now = _iso(datetime.now(UTC))
    return {
        "notificationVersion": version,
        "notificationType": kind,
        "payloadVersion": "1.0",
        "eventTime": now,
        "payload": payload,
        "notificationMetadata": {
            "applicationId": "amzn1.sellerapps.app.0b8d3c0e",
            "subscriptionId": str(uuid.uuid4()),
            "publishTime": now,
            "notificationId": str(uuid.uuid4()),
        },
    }


def _pascal(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return an envelope as most types write it."""
    text = {name[0].upper() + name[1:]: value for name, value in envelope.items()}
    about = text["NotificationMetadata"]
    return {
        **text,
        "NotificationMetadata": {n[0].upper() + n[1:]: value for n, value in about.items()},
    }


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message, "details": ""}]}, status)
