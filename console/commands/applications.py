"""`applications`: the applications registered with the platforms."""

from typing import Annotated

import typer

from connectors.accounts.accounts import Accounts
from connectors.accounts.platforms import PLATFORMS, platform_named
from connectors.errors import BadInput
from console import applications
from console.commands.accounts import ACTOR, Credentials
from console.credentials import read_credentials
from console.options import Json
from console.output import Align, print_json, print_result, print_table
from console.workspace import workspace

app = typer.Typer(help="Applications registered with the platforms.", no_args_is_help=True)


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the platforms that an application is registered with; secrets are not shown."""
    with workspace() as opened:
        accounts = Accounts(opened.settings, opened.registry)
        listed = [
            applications.shown(accounts, platform) for _, platform in sorted(PLATFORMS.items())
        ]
    if as_json:
        print_json({"applications": listed})
        return
    rows = [(row["channel"], "yes" if row["registered"] else "no") for row in listed]
    print_table("", [("channel", Align.LEFT), ("registered", Align.LEFT)], rows)


@app.command(name="set")
def set_(channel: str, credentials: Credentials) -> None:
    """Keep the application of a platform; connections made by a consent use it."""
    typed = read_credentials(credentials)
    platform = platform_named(channel)
    with workspace() as opened:
        accounts = Accounts(opened.settings, opened.registry)
        applications.keep(accounts, platform, typed, ACTOR)
    print_result(f"the application of {platform.title} is kept")


@app.command()
def forget(
    channel: str, yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False
) -> None:
    """Drop the application of a platform; connections that use it stop at their next token."""
    platform = platform_named(channel)
    if not yes:
        raise BadInput(f"connections to {platform.title} that use it will stop: add --yes")
    with workspace() as opened:
        applications.forget(Accounts(opened.settings, opened.registry), platform, ACTOR)
    print_result(f"the application of {platform.title} is dropped")
