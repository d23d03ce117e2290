"""Subscriptions to Amazon's notifications, and the application's destination that they go to.

Facts: the Notifications model v1 and its use case guide. Destinations are the application's own and
take a token of its own; a seller has one subscription a type and version. Each call may be made
once a second, five at first. What is there already is used; nothing is deleted. UNCONFIRMED: the
account that Amazon sends from (`SENDER`), and that `1.0` is every type's version.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from connectors.accounts.platform import Access
from connectors.channels.amazon.authorisation import AMAZON, sign_for_application
from connectors.channels.amazon.marketplaces import REGIONS
from connectors.errors import BadInput, ConfigError, Permanent
from connectors.http import Remote

TYPES = ("REPORT_PROCESSING_FINISHED", "TRANSACTION_UPDATE")
SENDER = "437568002678"
SCOPE = "sellingpartnerapi::notifications"
_VERSION, _NAME = "1.0", "Daybook"
_BASE = "/notifications/v1"


class _NotThere(Permanent):
    """Amazon knows of no such thing."""


class _ThereAlready(Permanent):
    """The subscription exists already."""


def subscribe(access: Access, queue: Mapping[str, str]) -> Sequence[str]:
    """Subscribe the queue, or EventBridge, to the seller's notifications; return a description.

    Nothing is asked where the queue's fields name neither. Raises `BadInput` where they name both,
    `ConfigError` where Amazon refuses or the seller's notifications go elsewhere, and the errors of
    `Remote`.
    """
    resource = _resource(queue)
    if resource is None:
        return []
    base = access.url(REGIONS[access.fields["region"]].api, _BASE)
    with Remote("Amazon", sign_for_application(access, SCOPE), _error_for) as amazon:
        # By the application's own token, as destinations need; subscriptions need the seller's.
        destination = _destination(amazon, base, resource)
    with Remote("Amazon", AMAZON.sign(access), _error_for) as amazon:
        for kind in TYPES:
            _subscription(amazon, base, kind, destination["destinationId"])
    sentences = [f"Amazon sends {' and '.join(TYPES)}"]
    event_bus = destination["resource"].get("eventBridge")
    if event_bus:
        sentences.append(
            f"EventBridge: associate the event source {event_bus['name']} with an event bus, and "
            "give it a rule whose target is the queue"
        )
    return sentences


def _resource(queue: Mapping[str, str]) -> Mapping[str, Mapping[str, str]] | None:
    """Return what a destination is made of."""
    arn, account = queue.get("queue_arn"), queue.get("account_id")
    if arn and account:
        raise BadInput("give queue_arn, or account_id for EventBridge, and not both")
    if arn:
        return {"sqs": {"arn": arn}}
    return {"eventBridge": {"accountId": account, "region": queue["region"]}} if account else None


def _destination(
    amazon: Remote, base: str, resource: Mapping[str, Mapping[str, str]]
) -> Mapping[str, Any]:
    """Return the destination for a resource, made where there is none."""
    existing = _found(amazon, base, resource)
    if existing is None:
        try:
            body = {"name": _NAME, "resourceSpecification": resource}
            return dict(_payload(amazon.post(f"{base}/destinations", json=body)))
        except _ThereAlready:
            # Another process may have made it since; one of another account stays unseen.
            existing = _found(amazon, base, resource)
    if existing is None:
        raise ConfigError(
            "Amazon reports that another account has this queue as a destination already"
        )
    return existing


def _found(
    amazon: Remote, base: str, specification: Mapping[str, Mapping[str, str]]
) -> Mapping[str, Any] | None:
    """Return the destination that has the resource.

    Amazon writes null for the kinds that it is not.
    """
    ((kind, resource),) = specification.items()
    for destination in _payload(amazon.get(f"{base}/destinations")) or ():
        there = destination["resource"].get(kind) or {}
        if resource.items() <= there.items():
            return dict(destination)
    return None


def _subscription(amazon: Remote, base: str, kind: str, destination: str) -> None:
    """Subscribe the seller to a type where it is not subscribed yet."""
    url = f"{base}/subscriptions/{kind}"
    there = _subscribed(amazon, url)
    if there is None:
        body = {"payloadVersion": _VERSION, "destinationId": destination}
        try:
            there = _payload(amazon.post(url, json=body))["destinationId"]
        except _ThereAlready:
            there = _subscribed(amazon, url)
    # Never moved: the other destination may be another program's of the same application.
    if there != destination:
        raise ConfigError(
            f"Amazon sends this seller's {kind} to another destination of the application, {there}:"
            " use that one's queue, or delete the subscription"
        )


def _subscribed(amazon: Remote, url: str) -> str | None:
    """Return where the notifications of a type go; None while they go nowhere."""
    try:
        subscription = _payload(amazon.get(url, params={"payloadVersion": _VERSION}))
    except _NotThere:
        return None
    return str(subscription["destinationId"]) if subscription else None


def _payload(response: Any) -> Any:
    return response.get("payload") if isinstance(response, dict) else None


def _error_for(response: httpx2.Response) -> Exception | None:
    what = response.request.url.path
    match response.status_code:
        case httpx2.codes.BAD_REQUEST:
            return ConfigError(
                f"Amazon does not accept {what}: the queue's access policy must allow the AWS "
                f"account {SENDER} sqs:SendMessage and sqs:GetQueueAttributes, and not every type "
                "goes to EventBridge"
            )
        case httpx2.codes.UNAUTHORIZED | httpx2.codes.FORBIDDEN:
            return ConfigError(
                f"Amazon does not allow {what}: the application lacks the role Finance and "
                "Accounting, or the seller authorised it before it had that role"
            )
        case httpx2.codes.NOT_FOUND:
            return _NotThere(f"Amazon knows no {what}")
        case httpx2.codes.CONFLICT:
            return _ThereAlready(f"Amazon has {what} already")
    return None
