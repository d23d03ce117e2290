"""`mappings`: files with mappings, checked, saved, and carried to other homes."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import yaml
from pydantic import BaseModel, ValidationError

from connectors.documents.owner_files import read_owner_document
from connectors.errors import BadInput
from connectors.home.settings import settings
from connectors.lake.atomic import write_atomically
from console.days import day
from console.options import Json, MappingOf, MappingTarget
from console.output import print_json, print_result, print_status
from console.targets import check_names, organisation_named
from console.workspace import chosen, workspace
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS
from pipelines.stages.dimensions import stores_of
from pipelines.stages.imports import ACTOR
from pipelines.stages.mapping_changes import check_chart, save_mapping
from pipelines.stages.mapping_checks import OrganisationChart
from pipelines.stages.mapping_copies import MappingExport, export_mappings, import_mappings
from pipelines.stages.organisations import open_organisation
from pipelines.stages.source_types import RuleUse, rule_uses

_Document = TypeVar("_Document", bound=BaseModel)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(validate)
    app.command(name="set")(set_mapping)
    app.command(name="export")(export)
    app.command(name="import")(import_)


def validate(
    file: Path, connection: MappingOf = None, target: MappingTarget = BOOKS, as_json: Json = False
) -> None:
    """Check a mapping file (YAML or JSON), and list the source types it matches; save nothing."""
    config = read_mapping(file)
    check_chart(config, target)
    if target != BOOKS:
        _check_accounts(file, config, connection, target)
    uses: list[RuleUse] = []
    compared = settings().home.is_dir()
    if compared and config.source_types:
        with workspace() as opened:
            uses = rule_uses(opened, chosen(opened, [connection] if connection else []), config)
    unmet = [use.rule for use in uses if not use.source_types]
    if as_json:
        print_json(
            {"ok": True, "compared": compared, "rules": list(map(asdict, uses)), "unmet": unmet}
        )
        return
    print_result(f"{file} is a valid mapping")
    for use in uses:
        if use.source_types:
            print_result(f"  {use.channel}: {use.rule} -> {use.category}, matches:")
            for source_type in use.source_types:
                print_result(f"    {source_type}")
    for use in uses:
        if not use.source_types:
            print_result(f"warning: {use.channel}: {use.rule} matches no stored source type")
    if not compared:
        print_status(f"not compared with source types: there is no home at {settings().home}")


def set_mapping(
    file: Path,
    connection: MappingOf = None,
    target: MappingTarget = BOOKS,
    first: Annotated[
        date | None,
        typer.Option(
            "--from", parser=day, metavar="DAY", help="first day it holds for; all without it"
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="why, for the history")] = None,
) -> None:
    """Save a mapping file and apply it; entries that it changes are planned again."""
    config = read_mapping(file)
    with workspace() as opened:
        check_names(opened, connection, target)
        saved = save_mapping(
            opened,
            config,
            connection,
            ACTOR,
            target=target,
            effective_from=first,
            reason=reason,
        )
    since = f", in effect from {first}" if first else ""
    print_result(
        f"saved as version {saved.version}{since}; `daybook sync` brings the journals up to it"
    )


def export(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="where the mappings go")],
) -> None:
    """Write the newest mapping of every store and target to one file (YAML)."""
    with workspace() as opened:
        document = export_mappings(opened)
    text = yaml.safe_dump(document.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    try:
        write_atomically(to, text.encode())
    except OSError as error:
        raise BadInput(f"{to}: cannot be written ({error.strerror})") from error
    print_result(f"{len(document.mappings)} mappings in {to}; `daybook mappings import` reads it")


def import_(file: Path) -> None:
    """Save every mapping of an exported file, for the stores and targets it names."""
    document = validated(MappingExport, read_owner_document(file), file)
    with workspace() as opened:
        for exported, saved in import_mappings(opened, document, ACTOR):
            owner = exported.connection or "every store"
            print_result(f"{owner} at {exported.target}: version {saved.version}")


def _check_accounts(file: Path, config: MappingConfig, connection: str | None, target: str) -> None:
    """Raise `BadInput` that names every field with something the organisation does not take."""
    with workspace() as opened:
        organisation = organisation_named(opened, target)
        named = chosen(opened, [connection]) if connection else stores_of(opened, organisation)
        chart = OrganisationChart(opened, open_organisation(opened, organisation))
        problems = chart.problems(config, named)
    if problems:
        raise BadInput(f"{file}: {'; '.join(problems)}")


def read_mapping(file: Path) -> MappingConfig:
    """Return the mapping of a file (YAML or JSON); `BadInput` names the field that is wrong."""
    loaded = read_owner_document(file)
    if not isinstance(loaded, dict):
        raise BadInput(f"{file}: holds no mapping; `daybook mappings show --json` shows one")
    return validated(MappingConfig, loaded, file)


def validated(kind: type[_Document], loaded: Any, file: Path) -> _Document:
    """Return a document of a kind; `BadInput` names the first field that is wrong."""
    try:
        return kind.model_validate(loaded)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"{file}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}"
        ) from error
