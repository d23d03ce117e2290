"""`connections`: what is connected, and how it stands."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import typer

from connectors.accounts.accounts import Accounts
from connectors.accounts.notification_queues import NotificationQueues
from connectors.accounts.platforms import has_settlements
from connectors.accounts.posting_switch import posting
from connectors.channels.history import can_sync
from connectors.channels.poll_schedule import poll_minutes
from connectors.database.registry import Activity, Connection, DayState, ScheduledSync
from console.commands import accounts, notifications, removal, streams, tax, webhooks
from console.options import Json
from console.output import Align, print_json, print_result, print_table
from console.workspace import workspace
from pipelines.stages.workspace import Workspace

app = typer.Typer(help="What is connected, and how it stands.", no_args_is_help=True)
accounts.register(app)
removal.register(app)
notifications.register(app)
streams.register(app)
tax.register(app)
webhooks.register(app)


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List connections: how the last work ended, what runs now, how far the data goes."""
    with workspace() as opened:
        listed = _cards(opened, opened.registry.connections.list())
    if as_json:
        print_json({"connections": listed})
        return
    if not listed:
        print_result(
            "nothing is connected yet: `daybook import CHANNEL FILE... --connection SLUG` reads "
            "files, `daybook connections add CHANNEL` connects an account"
        )
        return
    names: tuple[str, ...] = (
        *("connection", "channel", "name", "state", "last", "running"),
        *("documents", "complete_through"),
    )
    # Only with organisations: a table of stores alone keeps within a terminal's width.
    if any(c["posting"] for c in listed):
        names = (*names, "posting")
    columns = [(n, Align.RIGHT if n == "documents" else Align.LEFT) for n in _titles(names)]
    print_table("", columns, [[_shown(c[n]) for n in names] for c in listed])


@app.command(name="show")
def show_(slug: str, as_json: Json = False) -> None:
    """Show a connection: its documents, and days that are not done."""
    with workspace() as opened:
        connection = opened.registry.connections.get(slug)
        (card,) = _cards(opened, [connection])
        documents: list[dict[str, Any]] = [
            {
                "statement": m.statement,
                "file": m.name,
                "document": m.document,
                "revision": m.revision,
                "lines": m.lines,
                "withdrawn": m.withdrawn is not None,
            }
            for m in opened.lake.manifests(slug)
        ]
        states = opened.registry.days.list(slug)
    days = [
        {"day": s.day, "state": s.state, "reason": s.reason}
        for s in states
        if s.state in {"open", "failed"}
    ]
    if as_json:
        print_json({**card, "document_list": documents, "days": days})
        return
    for name, value in zip(_titles(card), card.values(), strict=True):
        print_result(f"{name + ':':<17} {_shown(value)}")
    for document in documents:
        gone = ", withdrawn" if document["withdrawn"] else ""
        again = f", revision {document['revision']}" if document["revision"] > 1 else ""
        print_result(
            f"  {document['statement']} {document['file']} ({document['lines']} lines{again}{gone})"
        )
    for day in days:
        print_result(f"  {day['day']} {day['state']}: {day['reason']}")


def _titles(names: Iterable[str]) -> list[str]:
    return [name.replace("_", " ") for name in names]


def _shown(value: object) -> object:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict():
            return _fact(value)
        case list():
            return "; ".join(map(_told, value)) or "-"
    return value


def _fact(fact: dict[str, Any]) -> str:
    """Work, an account, or the switch of posting."""
    match fact:
        case {"what": what, **more}:
            since = more.get("since")
            return f"{what} {more['outcome'] if since is None else f'since {since:%H:%M}'}"
        case {"since": since}:
            return "off" if since is None else f"from {since}"
    return f"{fact['name']} ({fact['id']})"


def _told(finding: str | dict[str, str]) -> str:
    """Return a finding, or what ends and when."""
    return (
        finding
        if isinstance(finding, str)
        else f"{finding['what']} ends on {finding['expires_at'][:10]}"
    )


def _cards(opened: Workspace, connections: Sequence[Connection]) -> list[dict[str, Any]]:
    last, running = opened.registry.activities.latest(), opened.registry.activities.running()
    schedule = opened.registry.sync_schedule.by_connection()
    notified = NotificationQueues(Accounts(opened.settings, opened.registry)).notified()
    return [
        _card(
            opened,
            c,
            last.get(c.slug),
            running.get(c.slug),
            schedule.get(c.slug) if can_sync(c) else None,
            notified=c.slug in notified,
        )
        for c in connections
    ]


def _card(
    opened: Workspace,
    connection: Connection,
    last: Activity | None,
    running: Activity | None,
    scheduled: ScheduledSync | None,
    *,
    notified: bool,
) -> dict[str, Any]:
    states = opened.registry.days.list(connection.slug)
    failed = [s.day for s in states if s.state == "failed"]
    return {
        "connection": connection.slug,
        "channel": connection.channel,
        "name": connection.name,
        "timezone": connection.timezone,
        "kind": connection.kind,
        "state": connection.state,
        "reason": connection.reason,
        "account": {"id": connection.account_id, **connection.account}
        if connection.account_id
        else None,
        "last": last and _ended(last),
        "running": running and _under_way(running),
        "next_sync_at": scheduled.at if scheduled else None,
        "poll_minutes": poll_minutes(connection),
        "notifications": notified,
        "posting": None if has_settlements(connection) else {"since": posting(connection).since},
        "deadlines": connection.deadlines,
        "findings": connection.findings,
        "documents": len(opened.lake.manifests(connection.slug)),
        "complete_through": _complete_through(states),
        "failed_days": len(failed),
    }


def _ended(activity: Activity) -> dict[str, Any]:
    return {
        "what": activity.what,
        "outcome": activity.outcome,
        "days": activity.days,
        "ended_at": activity.ended_at,
        "message": activity.message,
    }


def _under_way(activity: Activity) -> dict[str, Any]:
    return {"what": activity.what, "days": activity.days, "since": activity.started_at}


def _complete_through(states: Sequence[DayState]) -> date | None:
    """Return the last day before the first gap: an open or failed day after the first done one."""
    done_days = [s.day for s in states if s.state in {"done", "empty"}]
    gaps = [
        s.day
        for s in states
        if done_days and s.state not in {"done", "empty"} and s.day > done_days[0]
    ]
    return max((day for day in done_days if not gaps or day < gaps[0]), default=None)
