"""Letting Daybook in: with credentials, by a consent in the seller's browser, and again."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from connectors.accounts.authorisations import begin
from connectors.accounts.reached import Undecided
from console import connections
from console.web.api import answers
from console.web.api.callers import Connector, Here, Named
from console.web.api.connections import card_of
from console.web.api.given import (
    Check,
    Choice,
    ConsentWanted,
    NewConnection,
    NewPending,
    Reconnection,
)
from console.web.api.problems import ASKS_A_PLATFORM, Problem, Refused
from console.web.context import Console

router = APIRouter(tags=[ASKS_A_PLATFORM])


@router.post("/connections", status_code=201)
def add_connection(
    who: Connector, console: Here, new: NewConnection, response: Response
) -> answers.Card:
    """Connect an account with credentials; the platform is asked whose they are.

    409 where they reach several accounts, or tell no time zone: the connection is pending then,
    and `check` finishes it.
    """
    slug = new.slug or connections.free_slug(console.registry, new.name)
    try:
        console.accounts.add(
            new.platform,
            new.name,
            new.credentials,
            slug=slug,
            timezone=new.timezone,
            account=new.account,
            actor=who.name,
        )
    except Undecided as error:
        raise Refused(409, Problem(error=str(error), connection=slug)) from error
    return _created(console, slug, response)


@router.post("/connections/pending", status_code=201)
def add_pending(who: Connector, console: Here, new: NewPending, response: Response) -> answers.Card:
    """Begin a set-up; `consent` goes on from there."""
    found = connections.begin(console.registry, new.platform, new.name, who.name, new.slug)
    return _created(console, found.slug, response)


@router.post("/connections/{slug}/check")
def check_connection(
    who: Connector,
    console: Here,
    connection: Named,
    given: Annotated[Check, Body(default_factory=Check)],
) -> answers.Card:
    """Ask the platform who answers; a pending connection goes on where it stopped."""
    console.accounts.check(
        connection.slug, account=given.account, timezone=given.timezone, actor=who.name
    )
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/consent")
def ask_consent(
    who: Connector,
    console: Here,
    connection: Named,
    wanted: Annotated[ConsentWanted, Body(default_factory=ConsentWanted)],
) -> answers.Page:
    """The platform's page for the seller; the answer comes back to this browser's session."""
    url = begin(console.accounts, connection.slug, wanted.fields, who.session(), who.name)
    return answers.Page(url=url)


@router.get("/connections/{slug}/choices")
def list_choices(_who: Connector, console: Here, connection: Named) -> answers.Choices:
    """The accounts that a consent covers, while none is chosen."""
    return answers.Choices(
        choices=[
            answers.Reached(
                id=a.id, name=a.name, country=a.country, currency=a.currency, timezone=a.timezone
            )
            for a in console.accounts.reached(connection.slug)
        ]
    )


@router.post("/connections/{slug}/choose")
def choose_account(
    who: Connector, console: Here, connection: Named, choice: Choice
) -> answers.Card:
    """Which of the accounts that a consent covers this connection is."""
    console.accounts.prove(connection.slug, choice.account, choice.timezone, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/reconnect")
def reconnect(
    who: Connector, console: Here, connection: Named, given: Reconnection
) -> answers.Card:
    """New credentials for the same account; slug, history and mappings stay."""
    console.accounts.reconnect(
        connection.slug, given.credentials, account=given.account, actor=who.name
    )
    return card_of(console, connection.slug)


def _created(console: Console, slug: str, response: Response) -> answers.Card:
    response.headers["Location"] = f"/api/v1/connections/{slug}"
    return card_of(console, slug)
