"""Amazon's notifications: the API that subscribes, and the queue on AWS that they arrive in.

Shapes: the Notifications model v1, the notifications' own schemas, and SQS's JSON protocol. A
signature is made again from the request that came and compared. What was handed out is hidden for
as long as was asked and then comes again; an empty queue answers at once, however long one would
wait. UNCONFIRMED and assumed here: that Amazon tells of settlement reports, and refuses a
destination whose queue it may not send to with 400.
"""

import hashlib
import hmac
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.amazon_money import Listed

SCOPE = "sellingpartnerapi::notifications"
REGION, AWS_ACCOUNT = "eu-west-1", "123456789012"
URL = f"https://sqs.{REGION}.amazonaws.com/{AWS_ACCOUNT}/daybook"
ARN = f"arn:aws:sqs:{REGION}:{AWS_ACCOUNT}:daybook"
_JSON = "application/x-amz-json-1.0"
_SOURCE = f"aws.partner/sellingpartnerapi.amazon.com/{AWS_ACCOUNT}/amzn1.sp.solution.5e6f"
_AUTHORISATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


@dataclass
class QueuedMessage:
    """A message in the queue; `hidden` until that instant of the queue's clock."""

    id: str
    body: str
    hidden: float = 0.0
    receipt: str = ""
    times: int = 0


@dataclass
class Sqs:
    """One queue and the one key that may use it; `skew` is added to its clock."""

    key_id: str = "AKIADAYBOOKEXAMPLE01"
    secret: str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYDAYBOOKEXAMPLE"
    messages: list[QueuedMessage] = field(default_factory=list)
    skew: float = 0.0

    def send(self, body: str) -> str:
        """Put a message into the queue; its id."""
        self.messages.append(QueuedMessage(str(uuid.uuid4()), body))
        return self.messages[-1].id

    async def answer(self, request: Request) -> Response:
        """Answer one call."""
        body = await request.body()
        if refused := self._unsigned(request, body):
            return _error(403, refused)
        action = request.headers.get("x-amz-target", "").removeprefix("AmazonSQS.")
        payload = json.loads(body)
        if request.headers.get("content-type") != _JSON:
            return _error(400, "UnsupportedOperation")
        if payload.pop("QueueUrl") != URL:
            return _error(400, "QueueDoesNotExist")
        actions = {
            "GetQueueAttributes": self._attributes,
            "ReceiveMessage": self._receive,
            "DeleteMessageBatch": self._delete,
        }
        if action not in actions:
            return _error(400, "UnsupportedOperation")
        return JSONResponse(actions[action](payload), media_type=_JSON)

    def _attributes(self, payload: dict[str, Any]) -> dict[str, Any]:
        (name,) = payload["AttributeNames"]
        return {"Attributes": {name: str(sum(m.hidden <= self._now() for m in self.messages))}}

    def _receive(self, payload: dict[str, Any]) -> dict[str, Any]:
        assert 1 <= payload["MaxNumberOfMessages"] <= 10
        assert 0 <= payload["WaitTimeSeconds"] <= 20
        seen = [m for m in self.messages if m.hidden <= self._now()]
        visible = seen[: payload["MaxNumberOfMessages"]]
        for message in visible:
            message.hidden = self._now() + payload["VisibilityTimeout"]
            message.receipt, message.times = uuid.uuid4().hex, message.times + 1
        listed = [
            {
                "MessageId": m.id,
                "ReceiptHandle": m.receipt,
                "MD5OfBody": hashlib.md5(m.body.encode(), usedforsecurity=False).hexdigest(),
                "Body": m.body,
            }
            for m in visible
        ]
        return {"Messages": listed} if listed else {}

    def _delete(self, payload: dict[str, Any]) -> dict[str, Any]:
        assert 1 <= len(payload["Entries"]) <= 10
        gone = {entry["ReceiptHandle"] for entry in payload["Entries"]}
        self.messages = [m for m in self.messages if m.receipt not in gone]
        return {"Successful": [{"Id": e["Id"]} for e in payload["Entries"]], "Failed": []}

    def _now(self) -> float:
        return time.monotonic() + self.skew

    def _unsigned(self, request: Request, body: bytes) -> str | None:
        """Return what is wrong with the signature."""
        visible = _AUTHORISATION.fullmatch(request.headers.get("authorization", ""))
        if visible is None:
            return "MissingAuthenticationToken"
        key_id, day, region, service, names, signature = visible.groups()
        if key_id != self.key_id:
            return "InvalidClientTokenId"
        at = request.headers["x-amz-date"]
        payload = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        late = abs((datetime.now(UTC) - payload).total_seconds()) > 300
        signed = names.split(";")
        if late or not {"host", "x-amz-date", "x-amz-target"} <= set(signed):
            return "IncompleteSignature"
        headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
        canonical = "\n".join(
            ("POST", request.url.path, "", headers, names, hashlib.sha256(body).hexdigest())
        )
        key = f"AWS4{self.secret}".encode()
        for part in (day, region, service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        scope = f"{day}/{region}/{service}/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashed}"
        right = hmac.digest(key, text.encode(), "sha256").hex() == signature
        good = right and (region, service) == (REGION, "sqs")
        return None if good else "SignatureDoesNotMatch"


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


def _error(status: int, kind: str) -> Response:
    text = {"__type": f"com.amazonaws.sqs#{kind}", "message": "no"}
    return JSONResponse(text, status, media_type=_JSON)


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message, "details": ""}]}, status)
