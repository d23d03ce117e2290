"""`keys`: the master key that credentials are sealed under."""

from typing import Annotated

import typer

from connectors.accounts.vault import Vault
from connectors.errors import BadInput
from connectors.home.settings import settings
from console.output import print_result
from console.workspace import workspace

app = typer.Typer(help="The key that credentials are sealed under.", no_args_is_help=True)


@app.command()
def rotate() -> None:
    """Make a new master key and re-encrypt every credential; repeat if interrupted."""
    with workspace() as opened:
        owners = Vault(opened.settings, opened.registry).rotate("operator")
    print_result(f"sealed the credentials of {len(owners)} accounts under the new master key")
    if settings().master_key is not None:
        print_result("take the old key out of DAYBOOK_MASTER_KEY now")
    else:
        print_result(f"keep a copy of {settings().key_file} apart from the backups")


@app.command()
def forget(
    yes: Annotated[bool, typer.Option("--yes", help="Do it; nothing can bring them back.")] = False,
) -> None:
    """Drop every credential, for when the master key is lost; accounts must connect again."""
    with workspace() as opened:
        vault = Vault(opened.settings, opened.registry)
        owners = vault.owners()
        if not yes:
            raise BadInput(
                f"this drops the credentials of {len(owners)} accounts permanently: add --yes"
            )
        vault.forget_all("operator")
    print_result(f"dropped the credentials of {len(owners)} accounts; connect them again")
