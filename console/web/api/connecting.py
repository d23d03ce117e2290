"""Letting Daybook in: with credentials, by a consent in the seller's browser, and again."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from connectors.authorising import begin
from connectors.connecting import Undecided
from connectors.fields import slug_for
from connectors.platforms import platform
from connectors.setup import Setup
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
    slug = new.slug or _free_slug(console, new.name)
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
    wanted = platform(new.platform)
    slug = new.slug or _free_slug(console, new.name)
    registry = console.registry
    # Its own zone comes with the account.
    registry.add_connection(
        slug, channel=wanted.name, name=new.name, timezone="UTC", kind="api", actor=who.name
    )
    registry.set_setup(slug, Setup(step="account").model_dump(mode="json"), who.name)
    return _created(console, slug, response)


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
    url = begin(console.accounts, connection.slug, wanted.fields, who.session())
    return answers.Page(url=url)


@router.get("/connections/{slug}/choices")
def list_choices(_who: Connector, console: Here, connection: Named) -> answers.Choices:
    """The accounts that a consent covers, while none is chosen."""
    return answers.Choices(
        choices=[
            answers.Reached(id=a.id, name=a.name, country=a.country, currency=a.currency)
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


def _free_slug(console: Console, name: str) -> str:
    return slug_for(name, {connection.slug for connection in console.registry.connections()})


def _created(console: Console, slug: str, response: Response) -> answers.Card:
    response.headers["Location"] = f"/api/v1/connections/{slug}"
    return card_of(console, slug)
