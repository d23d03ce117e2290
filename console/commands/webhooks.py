"""`connections webhooks`: where a platform tells at once that something happened."""

import sys
from typing import Annotated, Any

import typer

from connectors.accounts.accounts import Accounts
from connectors.accounts.webhook_subscriptions import WebhookStatus, WebhookSubscriptions
from connectors.errors import BadInput
from console.options import Json
from console.output import print_json, print_result
from console.workspace import workspace

ACTOR = "operator"


def register(app: typer.Typer) -> None:
    """Add the command to `connections`."""
    app.command()(webhooks)


def webhooks(
    slug: str,
    subscribe: Annotated[
        bool, typer.Option("--subscribe", help="have the platform send them, or look after them")
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="end them, and forget the secret")] = False,
    secret: Annotated[
        bool, typer.Option("--secret", help="read the platform's secret from standard input")
    ] = False,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="make a secret to type at the platform")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show, make or end the webhooks of a connection, or set what they are signed with."""
    if sum((subscribe, off, secret, new_secret)) > 1:
        raise BadInput("give one of --subscribe, --off, --secret and --new-secret")
    with workspace() as opened:
        hooks = WebhookSubscriptions(Accounts(opened.settings, opened.registry))
        hooks.status(slug)
        made = hooks.make_secret(slug, ACTOR) if new_secret else None
        if secret:
            hooks.set_secret(slug, sys.stdin.read(), ACTOR)
        if subscribe:
            hooks.subscribe(slug, ACTOR)
        if off:
            hooks.unsubscribe(slug, ACTOR)
        status = hooks.status(slug)
    if as_json:
        print_json(_document(slug, status) | ({"secret": made} if made else {}))
        return
    _print(slug, status)
    if made is not None:
        print_result(f"secret, shown this once: {made}")


def _document(slug: str, status: WebhookStatus) -> dict[str, Any]:
    return {
        "connection": slug,
        "address": status.address,
        "has_secret": status.has_secret,
        "topics": list(status.topics),
        "checked_at": status.checked_at,
        "received_at": status.received_at,
        "problem": status.problem,
        "by_hand": status.by_hand,
    }


def _print(slug: str, status: WebhookStatus) -> None:
    address = status.address or "no public https address: set DAYBOOK_PUBLIC_URL"
    print_result(f"{slug}: {address}")
    if status.topics:
        print_result(f"subscribed: {', '.join(status.topics)}")
    else:
        print_result(f"nothing is subscribed; by hand: {status.by_hand}")
    if status.problem:
        print_result(status.problem)
    if status.received_at:
        print_result(f"last received {status.received_at:%Y-%m-%d %H:%M} UTC")
