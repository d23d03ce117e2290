"""`connections streams`: orders, payments, products and contacts, each a choice of its own."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from connectors.accounts.setup import STREAMS, Imports, Setup, StreamChoice
from console import connections
from console.commands.accounts import Switch
from console.options import Json
from console.output import print_json, print_result
from console.workspace import workspace
from pipelines.stages.privacy import personal_days as days_held
from pipelines.stages.record_schedule import interval

ACTOR = "operator"


class Scope(StrEnum):
    """A part of a stream of records that is imported."""

    ALL = "all"
    HISTORY = "history"
    NEW = "new"
    OFF = "off"


_PARTS: Mapping[Scope, Mapping[str, bool]] = {
    Scope.ALL: {"history": True, "ongoing": True},
    Scope.HISTORY: {"history": True, "ongoing": False},
    Scope.NEW: {"history": False, "ongoing": True},
    Scope.OFF: {"history": False, "ongoing": False},
}


def register(app: typer.Typer) -> None:
    """Add the command to `connections`."""
    app.command()(streams)


def streams(
    slug: str,
    orders: Annotated[Scope | None, typer.Option(help="orders with their lines")] = None,
    payments: Annotated[Scope | None, typer.Option(help="payments and refunds of orders")] = None,
    products: Annotated[Scope | None, typer.Option(help="listings with their SKUs")] = None,
    contacts: Annotated[Scope | None, typer.Option(help="customers, as pseudonyms")] = None,
    customer_roles: Annotated[
        str | None, typer.Option(help="roles that count as customers, by commas; `any` for all")
    ] = None,
    personal_data: Annotated[
        Switch | None, typer.Option(help="hold names and addresses of buyers, sealed, or not")
    ] = None,
    personal_days: Annotated[
        int | None, typer.Option(help="days that they are held for", min=1, max=3650)
    ] = None,
    as_json: Json = False,
) -> None:
    """Show or change which records a connection imports beside settlements.

    Each is `all`, `history` up to now, `new` from now on, or `off`. What was left out can be
    imported later, without connecting again.
    """
    chosen = {"orders": orders, "payments": payments, "products": products, "contacts": contacts}
    scopes = {name: scope for name in STREAMS if (scope := chosen[name]) is not None}
    with workspace() as opened:
        connection = opened.registry.connections.get(slug)
        imports = Setup.model_validate(connection.setup).imports
        parts = {name: _PARTS[scope] for name, scope in scopes.items()}
        changes = {
            "streams": connections.stream_choices(connection, imports, parts) if parts else None,
            "customer_roles": None if customer_roles is None else _roles(customer_roles),
            "personal_data": None if personal_data is None else personal_data is Switch.ON,
            "personal_days": personal_days,
        }
        changes = {name: value for name, value in changes.items() if value is not None}
        if changes:
            imports = connections.change_imports(opened, slug, ACTOR, changes)
        held_for = days_held(opened.registry.connections.get(slug))
        minutes = int(interval(opened.registry.connections.get(slug)).total_seconds() // 60)
        imported = opened.registry.record_imports.of_connection(slug)
    if as_json:
        through = {name: each.through for name, each in imported.items()}
        schedule = {"poll_minutes": minutes, "personal_days": held_for}
        print_json(_document(slug, imports, through) | schedule)
        return
    if not imports.streams:
        print_result(f"{slug} imports settlements alone")
    for name in STREAMS:
        if imports.stream(name).is_on:
            latest = imported.get(name)
            up_to = (
                f", up to {latest.through:%Y-%m-%d %H:%M} UTC" if latest else ", not imported yet"
            )
            print_result(f"{slug} {name}: {_scope(imports.stream(name))}{up_to}")
    if imports.personal_data:
        print_result(f"{slug} holds names and addresses of buyers, sealed, for {held_for} days")
    if any(choice.ongoing for choice in imports.streams.values()):
        print_result(f"{slug} is asked for changes every {minutes} minutes")


def _document(slug: str, imports: Imports, through: Mapping[str, object]) -> dict[str, object]:
    return {
        "connection": slug,
        "streams": {
            name: {"scope": _scope(imports.stream(name)), "imported_through": through.get(name)}
            for name in STREAMS
        },
        "customer_roles": imports.customer_roles,
        "personal_data": imports.personal_data,
    }


def _roles(typed: str) -> tuple[str, ...]:
    return () if typed == "any" else tuple(role.strip() for role in typed.split(","))


def _scope(choice: StreamChoice) -> Scope:
    parts = {"history": choice.history, "ongoing": choice.ongoing}
    return next(scope for scope in Scope if _PARTS[scope] == parts)
