"""What is done to a connection that is there: paused, resumed, synced, let go, removed.

Also the switch of posting to an accounting organisation.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from connectors.accounts.platforms import platform
from connectors.accounts.posting import change_posting, check_posting
from console import connections
from console.web.api import answers
from console.web.api.callers import Connector, Here, Named, Poster, Syncer, workspace_of
from console.web.api.connections import card_of
from console.web.api.given import DaysWanted, PostingChange, TargetChange, window_of
from pipelines.stages.removing import remove_connection
from pipelines.sync import request_sync
from pipelines.sync import retry as request_again

router = APIRouter(tags=["connections"])


@router.post("/connections/{slug}/pause")
def pause(who: Connector, console: Here, connection: Named) -> answers.Card:
    """Ask the platform for nothing until `resume`."""
    connections.pause(console.registry, connection.slug, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/resume")
def resume(who: Connector, console: Here, connection: Named) -> answers.Card:
    """Go on with a paused connection."""
    connections.resume(console.registry, connection.slug, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/sync", status_code=202)
def sync(
    who: Syncer,
    console: Here,
    connection: Named,
    wanted: Annotated[DaysWanted, Body(default_factory=DaysWanted)],
) -> answers.Asked:
    """Ask for a sync: of the days given that documents may cover, else of what is outstanding."""
    window = window_of(wanted.first, wanted.last)
    connections.check_syncable(connection)
    asked = request_sync(
        workspace_of(console), connection.slug, who.name, "asked for in the API", window
    )
    return answers.Asked(
        connection=connection.slug, request=asked.request, days=asked.days, fetch=asked.fetch
    )


@router.post("/connections/{slug}/retry", status_code=202)
def retry(who: Syncer, console: Here, connection: Named) -> answers.Retried:
    """Try again what failed: its days are done once more, and what is due is posted once more."""
    connections.check_syncable(connection)
    asked = request_again(workspace_of(console), connection.slug, who.name)
    return answers.Retried(
        connection=connection.slug,
        request=asked.request,
        days=asked.days,
        entries=asked.entries,
        fetch=asked.fetch,
    )


@router.put("/connections/{slug}/posting")
def switch_posting(
    who: Poster, console: Here, connection: Named, wanted: PostingChange
) -> answers.Card:
    """Post entries of a business day and later to an accounting organisation, or none.

    The switch is kept and shown where entries are previewed; they are not sent yet.
    """
    begin = console.settings.first_day
    check_posting(connection, wanted.since, begin)
    who.check_confirmed("this decides what is posted")
    change_posting(console.registry, connection.slug, wanted.since, begin, who.name)
    return card_of(console, connection.slug)


@router.put("/connections/{slug}/target")
def change_target(
    who: Connector, console: Here, connection: Named, wanted: TargetChange
) -> answers.Card:
    """Have a store's entries go to an accounting organisation, or to the books alone."""
    connections.change_target(console.registry, connection.slug, wanted.target, who.name)
    return card_of(console, connection.slug)


@router.post("/connections/{slug}/disconnect")
def disconnect(who: Connector, console: Here, connection: Named) -> answers.Disconnected:
    """Tell the platform that Daybook leaves and drop the credentials; the data stays."""
    who.check_confirmed()
    problem = console.accounts.disconnect(connection.slug, who.name)
    return answers.Disconnected(
        connection=card_of(console, connection.slug),
        problem=problem,
        leaving=platform(connection.channel).leaving,
    )


@router.delete("/connections/{slug}")
def remove(
    who: Connector,
    console: Here,
    connection: Named,
    withdraw_entries: Annotated[
        bool, Query(description="take its entries out of the books too; they stay without it")
    ] = False,
) -> answers.Removed:
    """Delete a connection with its documents and days; its entries stay or are withdrawn."""
    if withdraw_entries:
        who.check_may("withdraw")
    connections.check_removable(connection)
    who.check_confirmed()
    opened, slug = workspace_of(console), connection.slug
    posted = remove_connection(opened, slug, who.name, withdraw_entries=withdraw_entries)
    return answers.Removed(
        connection=slug, entries=list(posted.entry_ids), withdrawn=withdraw_entries
    )
