"""`connections disconnect` and `remove`: letting an account go."""

from typing import Annotated

import typer

from connectors.accounts.accounts import Accounts, check_has_account
from connectors.accounts.platforms import platform_named
from connectors.errors import BadInput
from console import connections
from console.commands.accounts import ACTOR
from console.options import Json
from console.output import print_error, print_json, print_result, print_status
from console.workspace import workspace
from pipelines.stages.removal import posted_entries, remove_connection, withdraw_removed


def register(app: typer.Typer) -> None:
    """Add the commands to `connections`."""
    for command in (disconnect, remove):
        app.command()(command)


def disconnect(
    slug: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Tell the platform that Daybook leaves and drop the credentials; the data stays."""
    with workspace() as opened:
        connection = opened.registry.connections.get(slug)
        check_has_account(connection)
        if not yes:
            raise BadInput(
                f"nothing more will be fetched for {connection.name} and its credentials are "
                "dropped; documents, journals and books stay. "
                f"{platform_named(connection.channel).leaving}: add --yes"
            )
        problem = Accounts(opened.settings, opened.registry).disconnect(slug, ACTOR)
    # A platform that is away keeps nobody connected: the credentials are gone here in any case.
    if problem:
        print_error(problem)
    else:
        print_status(platform_named(connection.channel).leaving)
    print_result(
        f"{slug} is disconnected; `daybook connections reconnect {slug}` connects it again"
    )


def remove(
    slug: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; the data is gone then.")] = False,
    withdraw_entries: Annotated[
        bool, typer.Option("--withdraw-entries", help="take its entries out of the books too")
    ] = False,
    as_json: Json = False,
) -> None:
    """Delete a connection with its documents and partitions, and say which entries stay."""
    with workspace() as opened:
        posted = posted_entries(opened, slug)
        connection = opened.registry.connections.find(slug)
        # Entries outlive their connection: they are taken out later, by its slug alone.
        if connection is None and withdraw_entries and posted.entry_ids:
            _check_sure(yes, f"this takes {posted} of {slug} out of the books")
            withdraw_removed(opened, slug, ACTOR)
        else:
            connection = opened.registry.connections.get(slug)
            connections.check_removable(connection)
            count = len(opened.lake.manifests(slug))
            leave = f"takes {posted} out of" if withdraw_entries else f"leaves {posted} in"
            _check_sure(
                yes,
                f"this deletes {connection.name} with its {count} documents and everything made of "
                f"them, and {leave} the books",
            )
            remove_connection(opened, slug, ACTOR, withdraw_entries=withdraw_entries)
    if as_json:
        days = {"first_day": posted.first_day, "last_day": posted.last_day}
        ids = list(posted.entry_ids)
        print_json({"connection": slug, "withdrawn": withdraw_entries, "entries": ids, **days})
        return
    print_result(f"removed {slug}")
    if posted.entry_ids and withdraw_entries:
        print_result(f"  {posted} are out of the books")
    elif posted.entry_ids:
        print_result(
            f"  {posted} stay in the books; `daybook connections remove {slug} "
            "--withdraw-entries --yes` takes them out"
        )


def _check_sure(yes: bool, what: str) -> None:
    if not yes:
        raise BadInput(f"{what}: add --yes")
