"""`documents`: what was imported or fetched, and taking one of them out again."""

from typing import Annotated

import typer

from connectors.errors import BadInput
from console.documents import described, document_of
from console.options import Json
from console.output import Align, print_json, print_result, print_table
from console.workspace import workspace
from pipelines.stages.imports import ACTOR
from pipelines.stages.withdrawals import (
    StoredDocument,
    Withdrawn,
    check_withdrawable,
    find_document,
    stored_documents,
    withdraw_document,
)

app = typer.Typer(
    help="What was imported or fetched, and taking it out again.", no_args_is_help=True
)

Named = Annotated[str, typer.Argument(help="its file name, or the first letters of its id")]
COLUMNS = (
    ("document", Align.LEFT),
    ("file", Align.LEFT),
    ("statement", Align.LEFT),
    ("from", Align.LEFT),
    ("to", Align.LEFT),
    ("lines", Align.RIGHT),
    ("state", Align.LEFT),
)


@app.command(name="list")
def list_(connection: str, as_json: Json = False) -> None:
    """List the documents of a connection, with those that are superseded or withdrawn."""
    with workspace() as opened:
        stored = stored_documents(opened, opened.registry.connections.get(connection))
    if as_json:
        print_json({"connection": connection, "documents": [document_of(d) for d in stored]})
        return
    if not stored:
        print_result(f"{connection} has no documents yet")
        return
    print_table("", list(COLUMNS), [_row(d) for d in stored])


def _row(stored: StoredDocument) -> tuple[object, ...]:
    manifest = stored.manifest
    return (
        manifest.document[:12],
        manifest.name,
        manifest.statement,
        manifest.first_day,
        manifest.last_day,
        manifest.lines,
        stored.state,
    )


@app.command(name="show")
def show_(connection: str, document: Named, as_json: Json = False) -> None:
    """Show a document: its statement, its declared total and its state."""
    with workspace() as opened:
        documents = stored_documents(opened, opened.registry.connections.get(connection))
        stored = find_document(documents, document)
    if as_json:
        print_json({"connection": connection, **document_of(stored)})
        return
    for name, value in document_of(stored).items():
        print_result(f"{name.replace('_', ' ') + ':':<13} {_text(value)}")
    if stored.manifest.withdrawn is not None:
        print_result(f"withdrawn {described(stored.manifest.withdrawn)}; its bytes are kept")


def _text(value: object) -> object:
    match value:
        case None | "":
            return "-"
        case dict():
            return "yes"
        case list():
            return ", ".join(value) or "-"
    return value


@app.command()
def withdraw(
    connection: str,
    document: Named,
    reason: Annotated[str, typer.Option(help="the reason, stored with the document")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
    as_json: Json = False,
) -> None:
    """Take a document out: its days fall back or open, and its entries leave the books."""
    with workspace() as opened:
        store = opened.registry.connections.get(connection)
        stored = find_document(stored_documents(opened, store), document)
        check_withdrawable(store, stored)
        if not yes:
            raise BadInput(
                f"{stored.manifest.name} ({stored.manifest.document[:12]}) would be withdrawn, "
                "and the next sync removes its entries from the books: add --yes"
            )
        outcome = withdraw_document(opened, store, stored.manifest.document, reason, ACTOR)
    if as_json:
        print_json(_outcome(connection, outcome))
        return
    _report(connection, outcome)


def _outcome(connection: str, outcome: Withdrawn) -> dict[str, object]:
    fallback = outcome.fallback
    return {
        "connection": connection,
        "document": outcome.manifest.document,
        "file": outcome.manifest.name,
        "new": outcome.new,
        "fallback": fallback and {"document": fallback.document, "file": fallback.name},
        "days": list(outcome.days),
    }


def _report(connection: str, outcome: Withdrawn) -> None:
    name, fallback = outcome.manifest.name, outcome.fallback
    again = "" if outcome.new else "already "
    instead = (
        f": {fallback.name} ({fallback.document[:12]}) is effective instead" if fallback else ""
    )
    print_result(f"{name}: {again}withdrawn{instead}; its bytes are kept")
    if outcome.days:
        print_result(f"  {len(outcome.days)} days will be processed again, {outcome.days[0]} to "
             f"{outcome.days[-1]}")  # fmt: skip
        print_result(f"next: `daybook sync {connection}`")
