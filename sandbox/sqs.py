"""Amazon's queue service, as far as a queue of notifications needs it.

Shapes: SQS's JSON protocol. A signature is made again from the request that came and compared. What
was handed out is hidden for as long as was asked and then comes again; an empty queue answers at
once, however long one would wait.
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

REGION, AWS_ACCOUNT = "eu-west-1", "123456789012"
URL = f"https://sqs.{REGION}.amazonaws.com/{AWS_ACCOUNT}/daybook"
ARN = f"arn:aws:sqs:{REGION}:{AWS_ACCOUNT}:daybook"
JSON = "application/x-amz-json-1.0"
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
            return error_answer(403, refused)
        action = request.headers.get("x-amz-target", "").removeprefix("AmazonSQS.")
        payload = json.loads(body)
        if request.headers.get("content-type") != JSON:
            return error_answer(400, "UnsupportedOperation")
        if payload.pop("QueueUrl") != URL:
            return error_answer(400, "QueueDoesNotExist")
        actions = {
            "GetQueueAttributes": self._attributes,
            "ReceiveMessage": self._receive,
            "DeleteMessageBatch": self._delete,
        }
        if action not in actions:
            return error_answer(400, "UnsupportedOperation")
        return JSONResponse(actions[action](payload), media_type=JSON)

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
        # SQS leaves the key out where there is no message.
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
        # AWS takes a signature for five minutes (Signature Version 4).
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


def error_answer(status: int, kind: str) -> Response:
    """Return a refusal of the queue service."""
    text = {"__type": f"com.amazonaws.sqs#{kind}", "message": "no"}
    return JSONResponse(text, status, media_type=JSON)
