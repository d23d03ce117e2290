"""The queue of the owner's AWS account that Amazon's notifications arrive in.

Source: Amazon SQS's API reference (JSON protocol, `AmazonSQS.*` in `X-Amz-Target`). A received
message is hidden for a while and delivered again unless it is deleted; it may arrive twice, and in
any order. After the number of receives that the queue allows, it goes to the dead-letter queue. The
endpoint `sqs` reaches queues in China, behind a private address or elsewhere.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from connectors.accounts.platform import Access, Field
from connectors.channels.notifications import Message
from connectors.errors import BadInput, ConfigError, Permanent, Transient
from connectors.http.aws import service, translated

TITLE = "Amazon SQS"
# The most that ReceiveMessage and DeleteMessageBatch take.
AT_ONCE = 10
# Any wait makes it a long poll, which asks all of the queue's servers; one second fits a tick.
WAIT_SECONDS = 1
# Longer than a tick takes to schedule the syncs; a tick that dies has its messages delivered again.
HIDDEN_SECONDS = 120
# Parts of codes are compared: SQS's JSON and query protocols spell them differently.
_REFUSALS = (
    (
        ("QueueDoesNotExist", "NonExistentQueue"),
        "there is no such queue: correct queue_url and region",
    ),
    (
        ("AccessDenied",),
        "the access key lacks a right: allow it sqs:ReceiveMessage, sqs:DeleteMessage and "
        "sqs:GetQueueAttributes on the queue",
    ),
    (
        ("InvalidClientTokenId", "UnrecognizedClient", "Signature", "InvalidSecurity"),
        "the access key is not accepted: correct access_key_id and secret_access_key",
    ),
)


def _like(name: str, pattern: str, example: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        text = text.strip()
        if text and not re.fullmatch(pattern, text):
            raise BadInput(f"{name} must be like {example}")
        return text

    return read


def _field(
    name: str, title: str, hint: str, pattern: str, example: str, *, required: bool = True
) -> Field:
    return Field(name, title, hint, required=required, read=_like(name, pattern, example))


_REGION = r"[a-z]{2,3}(-[a-z]+)+-\d"
FIELDS = (
    _field(
        "queue_url",
        "Queue URL",
        "AWS console, SQS, your queue, URL",
        r"https://[\w.-]+/\d{12}/[\w-]{1,80}",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/daybook",
    ),
    _field("region", "AWS region", "where the queue is", _REGION, "eu-west-1"),
    _field(
        "access_key_id",
        "Access key ID",
        "AWS console, IAM, a user for this queue alone",
        "[A-Z0-9]{16,128}",
        "AKIAIOSFODNN7EXAMPLE",
    ),
    Field("secret_access_key", "Secret access key", "shown once, with its ID", secret=True),
    _field(
        "queue_arn",
        "Queue ARN",
        "AWS console, SQS, your queue: Amazon sends into it",
        rf"arn:aws[\w-]*:sqs:{_REGION}:\d{{12}}:[\w-]{{1,80}}",
        "arn:aws:sqs:eu-west-1:123456789012:daybook",
        required=False,
    ),
    _field(
        "account_id",
        "AWS account ID",
        "in the place of the ARN: Amazon sends to EventBridge",
        r"\d{12}",
        "123456789012",
        required=False,
    ),
)


class MessageQueue:
    """One queue, by its URL; `sqs` is botocore's client."""

    def __init__(self, sqs: Any, url: str) -> None:
        """Reach the queue at `url` through `sqs`."""
        self._sqs, self._url = sqs, url

    def waiting(self) -> int:
        """Return the approximate number of messages."""
        name = "ApproximateNumberOfMessages"
        with _readable():
            answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])
            return int(answer["Attributes"][name])

    def poll(self) -> Sequence[Message]:
        """Return up to ten messages, hidden from other readers for a while."""
        with _readable():
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=WAIT_SECONDS,
                VisibilityTimeout=HIDDEN_SECONDS,
            )
            messages = answer.get("Messages") or ()
            return [Message(m["MessageId"], m["Body"], m["ReceiptHandle"]) for m in messages]

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete up to ten messages; SQS delivers again what it could not delete."""
        entries = [
            # Ids need to be unique within the batch only; message ids may occur twice in one.
            {"Id": str(place), "ReceiptHandle": message.receipt}
            for place, message in enumerate(messages)
        ]
        with _readable():
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


@contextmanager
def _readable() -> Iterator[None]:
    """Raise `Permanent` where a response is not what SQS's reference says."""
    try:
        with translated(TITLE, _error_for):
            yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Permanent(f"{TITLE} answers with something else: see the endpoint `sqs`") from error


@contextmanager
def open_queue(access: Access) -> Iterator[MessageQueue]:
    """Yield the queue that the fields of `access` describe."""
    fields = access.fields
    key = (fields["access_key_id"], fields["secret_access_key"])
    with closing(service("sqs", fields["region"], access.url("sqs", "/"), *key)) as sqs:
        yield MessageQueue(sqs, fields["queue_url"])


def _error_for(code: str, status: int) -> Exception | None:
    """Return the error of a code; None leaves faults of SQS to their status."""
    # Before the words: SQS answers throttling with 503 too, and both are tried again.
    if status >= 500:
        return None
    if "Throttl" in code or code == "OverLimit":
        return Transient(f"{TITLE} is asked too often: try again")
    for words, why in _REFUSALS:
        if any(word in code for word in words):
            return ConfigError(f"{TITLE}: {why}")
    return None
