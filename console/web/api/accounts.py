"""Accounts of connections: authorised with credentials or a consent, and again."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from connectors.accounts.account_choice import Undecided
from connectors.accounts.authorisations import begin
from console import connections
from console.web.api import responses
from console.web.api.connections import card_of
from console.web.api.dependencies import Connector, Here, Named
from console.web.api.problems import ASKS_A_PLATFORM, Problem, ProblemError
from console.web.api.requests import (
    AccountChoiceRequest,
    CheckRequest,
    ConsentRequest,
    NewConnection,
    NewPending,
    ReconnectionRequest,
)
from console.web.context import Console

router = APIRouter(tags=[ASKS_A_PLATFORM])


@router.post("/connections", status_code=201)
def add_connection(
    who: Connector, console: Here, new: NewConnection, response: Response
) -> responses.CardResponse:
    """Connect an account with credentials; the platform is asked whose they are.

    409 where they reach several accounts, or tell no time zone: the connection is pending then,
    and `check` finishes it.
    """
    # Chosen here, so that the answer can name it where the set-up is not finished.
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
        raise ProblemError(409, Problem(error=str(error), connection=slug)) from error
    return _created(console, slug, response)


@router.post("/connections/pending", status_code=201)
def add_pending(
    who: Connector, console: Here, new: NewPending, response: Response
) -> responses.CardResponse:
    """Begin a set-up; continue with `consent`."""
    connection = connections.begin(console.registry, new.platform, new.name, who.name, new.slug)
    return _created(console, connection.slug, response)


@router.post("/connections/{slug}/check")
def check_connection(
    who: Connector,
    console: Here,
    connection: Named,
    body: Annotated[CheckRequest, Body(default_factory=CheckRequest)],
) -> responses.CardResponse:
    """Verify the account with the platform; continue a pending connection."""
    console.accounts.check(
        connection.slug, account=body.account, timezone=body.timezone, actor=who.name
    )
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/consent")
def ask_consent(
    who: Connector,
    console: Here,
    connection: Named,
    body: Annotated[ConsentRequest, Body(default_factory=ConsentRequest)],
) -> responses.ConsentPage:
    """Return the platform's page; the seller returns to this browser's session."""
    url = begin(console.accounts, connection.slug, body.fields, who.session(), who.name)
    return responses.ConsentPage(url=url)


@router.get("/connections/{slug}/choices")
def list_choices(_who: Connector, console: Here, connection: Named) -> responses.AccountChoices:
    """Return the accounts that a consent covers, while none is chosen."""
    return responses.AccountChoices(
        choices=[
            responses.AccountChoice(
                id=a.id, name=a.name, country=a.country, currency=a.currency, timezone=a.timezone
            )
            for a in console.accounts.reachable_accounts(connection.slug)
        ]
    )


@router.post("/connections/{slug}/choose")
def choose_account(
    who: Connector, console: Here, connection: Named, choice: AccountChoiceRequest
) -> responses.CardResponse:
    """Return which of the accounts that a consent covers this connection is."""
    console.accounts.verify(connection.slug, choice.account, choice.timezone, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/reconnect")
def reconnect(
    who: Connector, console: Here, connection: Named, body: ReconnectionRequest
) -> responses.CardResponse:
    """Return new credentials for the same account; slug, history and mappings stay."""
    console.accounts.reconnect(
        connection.slug, body.credentials, account=body.account, actor=who.name
    )
    return card_of(console, connection.slug)


def _created(console: Console, slug: str, response: Response) -> responses.CardResponse:
    response.headers["Location"] = f"/api/v1/connections/{slug}"
    return card_of(console, slug)
