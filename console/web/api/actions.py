"""Actions on connections: pause, resume, sync, retry, disconnect, remove.

Also the switch of posting to an accounting organisation.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from connectors.accounts.platforms import platform_named
from connectors.accounts.posting_switch import check_posting
from console import connections
from console.web.api import responses
from console.web.api.connections import card_of
from console.web.api.dependencies import Connector, Here, Named, Poster, Syncer, workspace_of
from console.web.api.requests import PostingChange, SyncWindow, TargetChange, window_of
from pipelines.stages import targets
from pipelines.stages.removal import remove_connection
from pipelines.sync import request_sync
from pipelines.sync import retry as request_again

router = APIRouter(tags=["connections"])


@router.post("/connections/{slug}/pause")
def pause(who: Connector, console: Here, connection: Named) -> responses.CardResponse:
    """Ask the platform for nothing until `resume`."""
    connections.pause(console.registry, connection.slug, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/resume")
def resume(who: Connector, console: Here, connection: Named) -> responses.CardResponse:
    """Resume a paused connection."""
    connections.resume(console.registry, connection.slug, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/sync", status_code=202)
def sync(
    who: Syncer,
    console: Here,
    connection: Named,
    body: Annotated[SyncWindow, Body(default_factory=SyncWindow)],
) -> responses.SyncResponse:
    """Ask for a sync: of the days given that documents may cover, else of what is outstanding."""
    window = window_of(body.first, body.last)
    connections.check_syncable(connection)
    requested = request_sync(
        workspace_of(console), connection.slug, who.name, "asked for in the API", window
    )
    return responses.SyncResponse(
        connection=connection.slug,
        request=requested.request,
        days=requested.days,
        fetch=requested.fetch,
    )


@router.post("/connections/{slug}/retry", status_code=202)
def retry(who: Syncer, console: Here, connection: Named) -> responses.RetryResponse:
    """Retry failures: recompute failed days, and post due entries again."""
    connections.check_syncable(connection)
    requested = request_again(workspace_of(console), connection.slug, who.name)
    return responses.RetryResponse(
        connection=connection.slug,
        request=requested.request,
        days=requested.days,
        entries=requested.entries,
        fetch=requested.fetch,
    )


@router.put("/connections/{slug}/posting")
def switch_posting(
    who: Poster, console: Here, connection: Named, body: PostingChange
) -> responses.CardResponse:
    """Post entries of a business day and later to an accounting organisation, or none.

    The days of the stores that post to it are requested, so that their entries are planned.
    """
    # Before the password: nobody should confirm what is refused afterwards.
    check_posting(connection, body.since, console.settings.first_day)
    who.check_confirmed("this decides what is posted")
    targets.post_since(workspace_of(console), connection.slug, body.since, who.name)
    return card_of(console, connection.slug)


@router.put("/connections/{slug}/target")
def change_target(
    who: Connector, console: Here, connection: Named, body: TargetChange
) -> responses.CardResponse:
    """Have a store's entries go to an accounting organisation, or to the books alone."""
    connections.change_target(workspace_of(console), connection.slug, body.target, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/disconnect")
def disconnect(who: Connector, console: Here, connection: Named) -> responses.DisconnectedResponse:
    """Tell the platform that Daybook leaves and drop the credentials; the data stays."""
    who.check_confirmed()
    problem = console.accounts.disconnect(connection.slug, who.name)
    return responses.DisconnectedResponse(
        connection=card_of(console, connection.slug),
        problem=problem,
        leaving=platform_named(connection.channel).leaving,
    )


@router.delete("/connections/{slug}")
def remove(
    who: Connector,
    console: Here,
    connection: Named,
    withdraw_entries: Annotated[
        bool, Query(description="take its entries out of the books too; they stay without it")
    ] = False,
) -> responses.RemovedResponse:
    """Delete a connection with its documents and days; its entries stay or are withdrawn."""
    if withdraw_entries:
        who.check_may("withdraw")
    # Before the password, as in `switch_posting`.
    connections.check_removable(connection)
    who.check_confirmed()
    opened, slug = workspace_of(console), connection.slug
    posted = remove_connection(opened, slug, who.name, withdraw_entries=withdraw_entries)
    return responses.RemovedResponse(
        connection=slug, entries=list(posted.entry_ids), withdrawn=withdraw_entries
    )
