"""`triggers`: what is done when an order comes, a payout is sent or a run fails."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.database.registry import StoredDelivery
from connectors.documents.owner_files import read_owner_document
from connectors.errors import BadInput
from connectors.triggers.kinds import event_kind, event_kinds
from console.commands.accounts import ACTOR
from console.commands.sync import counted
from console.options import Json
from console.output import Align, print_json, print_result, print_status, print_table
from console.trigger_documents import kind_document, preview_document, trigger_document
from console.workspace import workspace
from pipelines.stages.trigger_preview import TriggerPreview, preview_trigger
from pipelines.stages.triggers import (
    TriggerStatus,
    disable_trigger,
    enable_trigger,
    list_triggers,
    remove_trigger,
    save_trigger,
    trigger_named,
)

app = typer.Typer(
    help="Have something done when an order comes, a payout is sent or a run fails.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="the trigger")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="the triggers")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="at most so many, the newest first")]


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the triggers, each as a sentence; those that come with Daybook are among them."""
    with workspace() as opened:
        counts = opened.registry.deliveries.counts()
        listed = list_triggers(opened)
    if as_json:
        names = [status.document.name for status in listed]
        documents = [
            trigger_document(status, counts.get(name))
            for name, status in zip(names, listed, strict=True)
        ]
        print_json({"triggers": documents})
        return
    print_table(
        "",
        [(title, Align.LEFT) for title in ("trigger", "state", "what it does")],
        [(s.document.name, _state(s), s.document.sentence) for s in listed],
    )


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show a trigger with its filters and actions."""
    with workspace() as opened:
        status = trigger_named(opened, name)
        counts = opened.registry.deliveries.counts().get(name)
    document = trigger_document(status, counts)
    if as_json:
        print_json(document)
        return
    print_result(f"{name}: {_state(status)}")
    print_result(status.document.sentence)
    for action in document["actions"]:
        print_result(f"  {', '.join(f'{key}: {value}' for key, value in action.items())}")
    for action, reason in status.stopped.items():
        print_result(f"  {action} is switched off: {reason}")
    for state, number in sorted((counts or {}).items()):
        print_result(f"  {state}: {counted(number, 'delivery')}")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the trigger, as YAML or JSON")],
    as_json: Json = False,
) -> None:
    """Add a trigger, switched on, or replace the one of its name."""
    document = read_owner_document(file)
    with workspace() as opened:
        try:
            saved = save_trigger(opened, document, ACTOR)
        except BadInput as error:
            raise BadInput(f"{file}: {error}") from error
    if as_json:
        print_json({**trigger_document(saved.status), "secrets": dict(saved.secrets)})
        return
    print_result(f"{saved.status.document.name}: {saved.status.document.sentence}")
    for action, secret in saved.secrets.items():
        print_result(f"the secret of {action}, shown this once: {secret}")


@app.command(name="test")
def try_out(
    name: Name,
    event: Annotated[
        int | None, typer.Option(metavar="ID", help="an event; the newest of its kind without it")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a trigger would send for an event of the past; nothing is sent."""
    with workspace() as opened:
        preview = preview_trigger(opened, name, event, datetime.now(UTC))
    problems = [action.problem for action in preview.actions if action.problem]
    if as_json:
        print_json(preview_document(preview))
    else:
        _show_preview(preview)
    raise typer.Exit(1 if problems or not preview.matches else 0)


@app.command()
def enable(
    names: Names,
    address: Annotated[
        str | None,
        typer.Option(metavar="URL", help="where messages go (Apprise); - reads standard input"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Switch triggers on, from the next event on."""
    typed = sys.stdin.readline().strip() if address == "-" else address
    with workspace() as opened:
        changed = [enable_trigger(opened, name, ACTOR, typed) for name in names]
    _show_changed(changed, as_json=as_json)


@app.command()
def disable(names: Names, as_json: Json = False) -> None:
    """Switch triggers off; what waits to be sent is skipped."""
    with workspace() as opened:
        changed = [disable_trigger(opened, name, ACTOR) for name in names]
    _show_changed(changed, as_json=as_json)


@app.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Delete a trigger with its history; one that comes with Daybook is off again."""
    with workspace() as opened:
        remove_trigger(opened, name, ACTOR)
    if as_json:
        print_json({"removed": name})
        return
    print_result(f"removed {name}")


@app.command()
def history(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="one trigger")] = None,
    state: Annotated[
        str | None, typer.Option(help="waiting, sending, sent, failed, dead or skipped")
    ] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List deliveries, the newest first, with their attempts and reasons."""
    with workspace() as opened:
        if name is not None:
            trigger_named(opened, name)
        states = [state] if state else []
        listed = opened.registry.deliveries.list(name, states, limit)
    if as_json:
        print_json({"deliveries": [asdict(delivery) for delivery in listed]})
        return
    titles = ("delivery", "trigger", "action", "event", "state", "attempts", "reason")
    columns = [
        (title, Align.RIGHT if title in {"delivery", "event", "attempts"} else Align.LEFT)
        for title in titles
    ]
    print_table("", columns, [_row(delivery) for delivery in listed])


@app.command()
def replay(
    name: Name,
    delivery: Annotated[int | None, typer.Option(metavar="ID", help="one delivery")] = None,
    state: Annotated[
        str | None, typer.Option(help="all that are dead, skipped or sent; dead without it")
    ] = None,
    as_json: Json = False,
) -> None:
    """Send deliveries again: one, or those that were given up."""
    if delivery is not None and state is not None:
        raise BadInput("give --delivery or --state, and not both")
    if state not in {None, "dead", "skipped", "sent"}:
        raise BadInput(f"{state} is no state of a delivery that has ended: dead, skipped or sent")
    with workspace() as opened:
        trigger_named(opened, name)
        states = [] if delivery is not None else [state or "dead"]
        number = opened.registry.deliveries.replay(name, ACTOR, delivery, states)
    if as_json:
        print_json({"trigger": name, "deliveries": number})
        return
    print_result(f"{counted(number, 'delivery')} of {name} to be sent again")


@app.command()
def events(
    kind: Annotated[str | None, typer.Option(help="one kind of event")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what happened, the newest first."""
    kinds = [event_kind(kind).name] if kind else []
    with workspace() as opened:
        listed = opened.registry.events.list(kinds=kinds, limit=limit, newest=True)
    if as_json:
        print_json({"events": [asdict(event) for event in listed]})
        return
    titles = ("event", "kind", "connection", "subject", "happened")
    columns = [(title, Align.RIGHT if title == "event" else Align.LEFT) for title in titles]
    rows = [
        (e.id, e.kind, e.connection, e.subject, e.occurred_at.isoformat(" ", "minutes"))
        for e in listed
    ]
    print_table("", columns, rows)


@app.command()
def kinds(as_json: Json = False) -> None:
    """List the kinds of events, with the fields that templates may name."""
    if as_json:
        print_json({"kinds": [kind_document(kind) for kind in event_kinds().values()]})
        return
    for kind in event_kinds().values():
        print_result(f"{kind.name}: when {kind.when}; {', '.join(kind.fields)}")


@app.command()
def labels(
    connection: Annotated[str | None, typer.Option(help="of one store")] = None,
    subject: Annotated[str | None, typer.Option(help="of one order or contact")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List the tags and notes that triggers put on orders and contacts."""
    with workspace() as opened:
        listed = opened.registry.labels.list(connection, subject, limit)
    if as_json:
        print_json({"labels": [asdict(label) for label in listed]})
        return
    columns = [(title, Align.LEFT) for title in ("connection", "of", "", "label", "text")]
    rows = [
        (each.connection, each.subject_type, each.subject, each.type, each.text) for each in listed
    ]
    print_table("", columns, rows)


def _state(status: TriggerStatus) -> str:
    if status.enabled:
        return "on, but for what was stopped" if status.stopped else "on"
    return "off, needs an address" if status.missing else "off"


def _row(delivery: StoredDelivery) -> tuple[object, ...]:
    return (
        *(delivery.id, delivery.trigger, delivery.action, delivery.event),
        *(delivery.state, delivery.attempts, delivery.reason),
    )


def _show_changed(changed: list[TriggerStatus], *, as_json: bool) -> None:
    if as_json:
        print_json({"triggers": [trigger_document(status) for status in changed]})
        return
    for status in changed:
        print_result(f"{status.document.name}: {_state(status)}")


def _show_preview(preview: TriggerPreview) -> None:
    event = preview.event
    print_status(f"event {event.id}: {event.kind} {event.subject} of {event.connection or 'none'}")
    if not preview.matches:
        print_result(f"the trigger passes this event over: {', '.join(preview.unmet)} is not met")
    for action in preview.actions:
        print_result(f"{action.action}:")
        if action.problem:
            print_result(f"  it could not be sent: {action.problem}")
        for name, value in action.content.items():
            print_result(f"  {name}: {_text(value)}")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {each}" for name, each in value.items())
    return ", ".join(value) if isinstance(value, tuple | list) else str(value or "-")
