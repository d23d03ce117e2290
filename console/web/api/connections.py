"""Connections: looked at, found, renamed, set up."""

from typing import Annotated

from fastapi import APIRouter, Query

from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.database.registry.records import ConnectionState, DayStateName
from console import cards
from console.cards import Status
from console.connections import check_target, keep_setup, stream_choices
from console.web.api import responses
from console.web.api.dependencies import Connector, Here, Named, Reader, workspace_of
from console.web.api.requests import (
    ConnectionChange,
    From,
    Limit,
    Offset,
    SetupChange,
    To,
    window_of,
)
from console.web.context import Console

router = APIRouter(tags=["connections"])


@router.get("/connections")
def list_connections(
    _who: Reader,
    console: Here,
    q: Annotated[str, Query(max_length=200, description="words in a name, slug or account")] = "",
    channel: Annotated[str | None, Query(max_length=40)] = None,
    state: ConnectionState | None = None,
    status: Status | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> responses.CardPage:
    """Return every connection, by name."""
    words = q.lower().split()
    matches = [
        card
        for card in cards.cards(console.registry)
        if channel in {None, card.connection.channel}
        and state in {None, card.connection.state}
        and status in {None, card.status}
        and all(word in _text(card) for word in words)
    ]
    shown = [responses.CardResponse.of(card) for card in matches[offset : offset + limit]]
    return responses.CardPage(connections=shown, total=len(matches))


@router.get("/connections/{slug}")
def show_connection(_who: Reader, console: Here, connection: Named) -> responses.CardResponse:
    """Return one connection."""
    return card_of(console, connection.slug)


@router.patch("/connections/{slug}")
def change_connection(
    who: Connector, console: Here, connection: Named, change: ConnectionChange
) -> responses.CardResponse:
    """Change a connection's name, what it imports, or where its entries go."""
    # Checked before the name is changed, so that a request is done whole or not at all.
    setup = None
    if change.setup is not None:
        setup = _changed(console, connection, change.setup)
    if change.name is not None:
        console.registry.connections.rename(connection.slug, change.name, who.name)
    if setup is not None:
        keep_setup(workspace_of(console), connection, setup, who.name)
    return card_of(console, connection.slug)


@router.get("/connections/{slug}/days")
def list_days(
    _who: Reader,
    console: Here,
    connection: Named,
    first: From = None,
    last: To = None,
    state: DayStateName | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> responses.DayPage:
    """Return how the days of a connection stand; days that were never looked at are absent."""
    window = window_of(first, last)
    start, end = (window.start, window.end) if window else (None, None)
    states = console.registry.days.list(connection.slug, start, end)
    matches = [day for day in states if state in {None, day.state}]
    shown = [
        responses.DayResponse(day=d.day, state=d.state, reason=d.reason, updated_at=d.updated_at)
        for d in matches[offset : offset + limit]
    ]
    return responses.DayPage(days=shown, total=len(matches))


def card_of(console: Console, slug: str) -> responses.CardResponse:
    """Return a connection's card as it is now."""
    return responses.CardResponse.of(cards.card(console.registry, slug))


def _text(card: cards.Card) -> str:
    connection = card.connection
    account = connection.account.get("name") or ""
    return f"{connection.name} {connection.slug} {card.title} {account}".lower()


def _changed(console: Console, connection: Connection, change: SetupChange) -> Setup:
    before = Setup.model_validate(connection.setup)
    imports: dict[str, object] = {**before.imports.model_dump(), **change.get("imports", {})}
    streams = change.get("imports", {}).get("streams")
    if streams is not None:
        imports["streams"] = stream_choices(connection, before.imports, streams)
    after = Setup.model_validate({**before.model_dump(), **change, "imports": imports})
    if after.target != before.target:
        check_target(console.registry, after.target)
    return after
