"""`connections add`, `check` and the rest: letting Daybook into an account."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from connectors.accounts.accounts import Accounts
from connectors.accounts.broker import NeedsReconnection
from connectors.accounts.platforms import has_settlements, platform_named
from connectors.accounts.posting_switch import posting as kept_posting
from connectors.channels.history import first_day
from connectors.channels.poll_schedule import poll_minutes as poll_minutes_of
from connectors.database.registry import Connection
from connectors.errors import BadInput
from console import connections
from console.credentials import read_credentials
from console.days import day
from console.options import Json
from console.output import print_error, print_json, print_result, print_status
from console.workspace import workspace
from mappings.model import BOOKS
from pipelines.stages.targets import post_since

ACTOR = "operator"

Credentials = Annotated[
    str, typer.Option(help="a file with the fields as JSON; - reads standard input")
]
Account = Annotated[
    str | None, typer.Option(help="the account's id, where the credentials reach several")
]
From = Annotated[
    date | None, typer.Option("--from", parser=day, metavar="DAY", help="first day to import")
]
Zone = Annotated[str | None, typer.Option(help="IANA zone of business days")]


class Switch(StrEnum):
    """A choice identified by its name."""

    ON = "on"
    OFF = "off"


def register(app: typer.Typer) -> None:
    """Add the commands to `connections`."""
    for command in (
        *(add, check, imports, target, posting, reconnect),
        *(rename, pause, resume),
    ):
        app.command()(command)


def add(
    channel: Annotated[str, typer.Argument(help="square, xero... (see `daybook channels`)")],
    name: Annotated[str, typer.Option(help="display name")],
    credentials: Credentials,
    slug: Annotated[str | None, typer.Option(help="made of the name without it")] = None,
    timezone: Zone = None,
    account: Account = None,
    first: From = None,
    as_json: Json = False,
) -> None:
    """Connect an account with credentials; the platform is asked whose they are."""
    typed = read_credentials(credentials)
    with workspace() as opened:
        accounts = Accounts(opened.settings, opened.registry)
        added = accounts.add(
            channel, name, typed, slug=slug, timezone=timezone, account=account, actor=ACTOR
        )
        # Given, the choice of imports ends the set-up; the command line has no further step.
        if has_settlements(added) or first is not None:
            connections.change_imports(opened, added.slug, ACTOR, {"history_from": first})
    _report("connected", added, as_json)


def imports(
    slug: str,
    first: From = None,
    ongoing: Annotated[
        bool | None, typer.Option("--ongoing/--once", help="fetch new days as they come, or not")
    ] = None,
    provisional: Annotated[
        Switch | None, typer.Option(help="journal days that no settlement covers yet, or not")
    ] = None,
    poll_minutes: Annotated[
        int | None, typer.Option(help="minutes between two polls", min=1, max=1440)
    ] = None,
    as_json: Json = False,
) -> None:
    """Show or change the first day that a connection imports, and whether it continues."""
    with workspace() as opened:
        options = {
            "history_from": first,
            "ongoing": ongoing,
            "provisional": _on(provisional),
            "poll_minutes": poll_minutes,
        }
        changes = {name: value for name, value in options.items() if value is not None}
        changed = connections.change_imports(opened, slug, ACTOR, changes)
        connection = opened.registry.connections.get(slug)
        begins = first_day(connection, opened.settings.first_day)
        minutes = poll_minutes_of(connection)
    if as_json:
        chosen = {
            "ongoing": changed.ongoing,
            "provisional": changed.provisional,
            "poll_minutes": minutes,
        }
        print_json({"connection": slug, "from": begins, **chosen})
        return
    ahead = ", provisional figures are booked" if changed.provisional else ""
    goes_on = "new days as they come" if changed.ongoing else "nothing new"
    print_result(f"{slug}: from {begins}, {goes_on}{ahead}")


def _on(switch: Switch | None) -> bool | None:
    return None if switch is None else switch is Switch.ON


def target(
    slug: str,
    where: Annotated[
        str | None,
        typer.Argument(metavar="[TARGET]", help="books, or an organisation's slug"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show, or change, where a store's entries go; the books are always written."""
    with workspace() as opened:
        if where is not None:
            connections.change_target(opened, slug, where, ACTOR)
        now = connections.target_of(opened.registry.connections.get(slug))
        name = connections.targets(opened.registry).get(now, now)
    if as_json:
        print_json({"connection": slug, "target": now})
        return
    print_result(
        f"{slug}: entries go to {name}" + ("" if now == BOOKS else f" ({now}) and the books")
    )


def posting(
    slug: str,
    since: Annotated[
        date | None,
        typer.Option(
            "--from", parser=day, metavar="DAY", help="post entries of this day and later"
        ),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="post nothing")] = False,
    as_json: Json = False,
) -> None:
    """Show, or switch, which entries an accounting organisation gets."""
    if since is not None and off:
        raise BadInput("give --from or --off, and not both")
    with workspace() as opened:
        if since is not None or off:
            post_since(opened, slug, since, ACTOR)
        organisation = opened.registry.connections.get(slug)
        switch = kept_posting(organisation)
    if as_json:
        print_json({"connection": slug, "since": switch.since})
        return
    if switch.since is None:
        turn_on = f"`daybook connections posting {slug} --from DAY`"
        print_result(f"{slug}: posting is off; {turn_on} turns it on")
        return
    look = f"`daybook publish --target {slug} --dry-run`"
    print_result(f"{slug}: posting from {switch.since}; {look} shows what is due")


def check(slug: str, account: Account = None, timezone: Zone = None, as_json: Json = False) -> None:
    """Call the platform and name the account; continue a pending connection."""
    with workspace() as opened:
        accounts = Accounts(opened.settings, opened.registry)
        try:
            connection = accounts.check(slug, account=account, timezone=timezone, actor=ACTOR)
        # Bad news about the account, and no failure of the command: exit code 1.
        except NeedsReconnection as error:
            if as_json:
                print_json(_card(opened.registry.connections.get(slug)))
            print_error(str(error))
            raise typer.Exit(1) from error
    _report("answers", connection, as_json)


def reconnect(
    slug: str, credentials: Credentials, account: Account = None, as_json: Json = False
) -> None:
    """Give a connection new credentials; its slug, history and mappings stay."""
    typed = read_credentials(credentials)
    with workspace() as opened:
        accounts = Accounts(opened.settings, opened.registry)
        connection = accounts.reconnect(slug, typed, account=account, actor=ACTOR)
    _report("connected again", connection, as_json)


def rename(slug: str, name: str) -> None:
    """Give a connection another display name; its slug stays."""
    with workspace() as opened:
        opened.registry.connections.rename(slug, name, ACTOR)
    print_result(f"{slug} is called {name} now")


def pause(slug: str) -> None:
    """Ask the platform for nothing until `resume`."""
    with workspace() as opened:
        changed = connections.pause(opened.registry, slug, ACTOR)
    print_result(f"{slug} is paused") if changed else print_status(f"{slug} is paused already")


def resume(slug: str) -> None:
    """Resume a paused connection."""
    with workspace() as opened:
        changed = connections.resume(opened.registry, slug, ACTOR)
    print_result(f"{slug} is active") if changed else print_status(f"{slug} is active already")


def _report(what: str, connection: Connection, as_json: bool) -> None:
    if as_json:
        print_json(_card(connection))
        return
    account = connection.account
    where = ", ".join(str(account[name]) for name in ("country", "currency") if account.get(name))
    title = platform_named(connection.channel).title
    print_result(
        f"{connection.slug}: {title} {what}: {account['name']} ({connection.account_id}), {where}"
    )
    print_status(f"business days are those of {connection.timezone}")


def _card(connection: Connection) -> dict[str, object]:
    return {
        "connection": connection.slug,
        "channel": connection.channel,
        "name": connection.name,
        "timezone": connection.timezone,
        "state": connection.state,
        "reason": connection.reason,
        "account_id": connection.account_id,
        "account": connection.account or None,
    }
