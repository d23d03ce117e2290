"""The webhooks of a connection: what its platform sends here, and by which secret."""

from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from connectors.accounts.webhook_subscriptions import WebhookSubscriptions
from console.web.api.dependencies import Connector, Here, Named, Reader
from console.web.api.problems import ASKS_A_PLATFORM
from console.web.api.requests import RequestBody, Secret
from console.web.context import Console

router = APIRouter(tags=[ASKS_A_PLATFORM])


class WebhookSecretRequest(RequestBody):
    """The secret that a platform shows with a webhook that was made there."""

    secret: Secret


class WebhookResponse(BaseModel):
    """The webhooks of a connection.

    `address` is where they are sent, null without a public https address. `topics` were subscribed
    by the API, which was last looked at `checked_at`; `problem` says why that failed. `by_hand`
    says where a webhook is made without it.
    """

    connection: str
    address: str | None
    by_hand: str
    has_secret: bool
    topics: list[str]
    checked_at: datetime | None
    problem: str | None
    received_at: datetime | None


def _shown(console: Console, slug: str) -> WebhookResponse:
    status = WebhookSubscriptions(console.accounts).status(slug)
    return WebhookResponse.model_validate({"connection": slug, **asdict(status)})


@router.get("/connections/{slug}/webhooks")
def show_webhooks(_who: Reader, console: Here, connection: Named) -> WebhookResponse:
    """Return the webhooks of a connection."""
    return _shown(console, connection.slug)


@router.post("/connections/{slug}/webhooks")
def subscribe_webhooks(who: Connector, console: Here, connection: Named) -> WebhookResponse:
    """Have the platform send what is missing; what does not work any more is made anew."""
    WebhookSubscriptions(console.accounts).subscribe(connection.slug, who.name)
    return _shown(console, connection.slug)


@router.put("/connections/{slug}/webhooks/secret")
def set_webhook_secret(
    who: Connector, console: Here, connection: Named, body: WebhookSecretRequest
) -> WebhookResponse:
    """Use the secret of a webhook that was made by hand; the one before is good for a day."""
    hooks = WebhookSubscriptions(console.accounts)
    hooks.set_secret(connection.slug, body.secret.get_secret_value(), who.name)
    return _shown(console, connection.slug)


@router.delete("/connections/{slug}/webhooks")
def end_webhooks(who: Connector, console: Here, connection: Named) -> WebhookResponse:
    """End what was subscribed, and forget the secret."""
    WebhookSubscriptions(console.accounts).unsubscribe(connection.slug, who.name)
    return _shown(console, connection.slug)
