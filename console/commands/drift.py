"""`publish check`: posted entries that somebody changed in an organisation."""

from typing import Annotated, Final

import typer

from connectors.database.registry import Connection
from console.commands.sync import counted
from console.options import Json
from console.output import print_json, print_result
from console.proofs import drift_document
from console.targets import organisation_named
from console.workspace import workspace
from pipelines.stages.drift import Drift, check_organisation, organisations_posted_to


def check(
    target: Annotated[
        str | None, typer.Option(help="an organisation's slug; all that are posted to without it")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--all", help="every entry, not only what changed since the last check")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find posted entries that somebody edited, deleted or reconciled in an organisation."""
    drifts: list[Drift] = []
    with workspace() as opened:
        organisations: list[Connection] = (
            organisations_posted_to(opened)
            if target is None
            else [organisation_named(opened, target)]
        )
        for organisation in organisations:
            drifts += check_organisation(opened, organisation, whole=whole)
    bad = [drift for drift in drifts if drift.state != "matched"]
    if as_json:
        names = [organisation.slug for organisation in organisations]
        listed = [drift_document(drift) for drift in drifts]
        print_json({"ok": not bad, "targets": names, "entries": listed})
    else:
        print_result(f"{counted(len(bad), 'entry')} changed in the accounts")
        for drift in drifts:
            print_result(f"  {drift}")
    raise typer.Exit(1 if bad else 0)


COMMANDS: Final = (check,)
NAMES: Final = ("check",)
