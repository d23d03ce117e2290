"""`connections notify`: the queue in which a platform tells that there is something new."""

from typing import Annotated

import typer

from connectors.accounts.accounts import Accounts
from connectors.accounts.notification_queues import NotificationQueues
from connectors.errors import BadInput
from console.credentials import read_credentials
from console.options import Json
from console.output import print_json, print_result, print_status
from console.workspace import workspace

ACTOR = "operator"


def register(app: typer.Typer) -> None:
    """Add the command to `connections`."""
    app.command()(notify)


def notify(
    slug: str,
    queue: Annotated[
        str | None,
        typer.Option(help="a file with the queue's fields as JSON; - reads standard input"),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="forget the queue")] = False,
    as_json: Json = False,
) -> None:
    """Show, give or forget the queue that a platform's notifications arrive in."""
    if queue is not None and off:
        raise BadInput("give --queue or --off, and not both")
    typed = read_credentials(queue) if queue is not None else None
    with workspace() as opened:
        opened.registry.connections.get(slug)
        notifying = NotificationQueues(Accounts(opened.settings, opened.registry))
        status = notifying.switch_on(slug, typed, ACTOR) if typed is not None else None
        forgotten = off and notifying.switch_off(slug, ACTOR)
        fields, address = notifying.shown(slug), None
        if fields is not None:
            address = notifying.address(opened.registry.connections.get(slug))
    if as_json:
        proof = status and {"waiting": status.waiting, "subscribed": list(status.subscribed)}
        print_json({"connection": slug, "queue": fields, "proof": proof})
        return
    if off:
        print_result(f"{slug} hears no notifications") if forgotten else print_status(
            f"{slug} has no queue"
        )
        return
    print_result(f"{slug}: {address or 'no queue'}")
    if status:
        for line in (f"the queue answers: {status.waiting} messages wait", *status.subscribed):
            print_result(line)
