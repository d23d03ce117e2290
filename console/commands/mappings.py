"""`mappings`: which account each category goes to, and how to say otherwise."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import ValidationError

from connectors.accounting.target import ChartAccount
from connectors.errors import BadInput, summary
from connectors.home.settings import settings
from console.commands import tax_codes
from console.connections import check_target
from console.days import day
from console.options import Json
from console.output import Align, money, print_json, print_result, print_status, print_table
from console.source_types import source_type_document
from console.workspace import chosen, workspace
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS, CLEARING
from mappings.money import minor_digits
from mappings.taxonomy import categories
from pipelines.stages.imports import ACTOR
from pipelines.stages.mapping import mapping_of
from pipelines.stages.mapping_changes import check_chart, save_mapping
from pipelines.stages.organisations import account_problems, open_organisation
from pipelines.stages.source_types import (
    RuleUse,
    SourceTypeUsage,
    a_week_ago,
    new_source_types,
    rule_uses,
)
from pipelines.stages.workspace import Workspace

app = typer.Typer(help="Which account each category goes to.", no_args_is_help=True)
tax_codes.register(app)

For = Annotated[str | None, typer.Option("--connection", help="of one connection")]
Target = Annotated[str, typer.Option(help="books, or an organisation's slug")]
ANY_CONNECTION = "{connection}"


@app.command(name="show")
def show_mapping(connection: For = None, target: Target = BOOKS, as_json: Json = False) -> None:
    """Show the effective mapping: category, meaning, account, tax code."""
    with workspace() as opened:
        _check_names(opened, connection, target)
        config = mapping_of(opened.registry, connection, target)
    lines = config.account_lines(connection or ANY_CONNECTION)
    if as_json:
        rows = [line.model_dump() for line in lines]
        print_json({"mapping": config.model_dump(), "categories": rows})
        return
    taxonomy = categories()
    print_table(
        "",
        [("category", Align.LEFT), ("account", Align.LEFT), ("role", Align.LEFT),
         ("tax code", Align.LEFT), ("meaning", Align.LEFT)],
        [
            (
                line.category,
                line.account,
                config.roles.get(line.category, taxonomy[line.category].role),
                line.tax_code,
                taxonomy[line.category].meaning,
            )
            for line in lines
            if line.category != CLEARING
        ],
    )  # fmt: skip


@app.command(name="source-types")
def list_source_types(
    since: Annotated[
        date | None, typer.Option(parser=day, metavar="DAY", help="a week ago without it")
    ] = None,
    as_json: Json = False,
) -> None:
    """List source types that are new since a day, and all that no rule maps."""
    begins = since or a_week_ago()
    with workspace() as opened:
        listed = new_source_types(opened, chosen(opened, []), begins)
    if as_json:
        print_json(
            {"since": begins, "source_types": [source_type_document(usage) for usage in listed]}
        )
        return
    if not listed:
        print_result(
            f"no channel has used a new source type since {begins}, and every one is mapped"
        )
        return
    print_table(
        "",
        [("connection", Align.LEFT), ("source type", Align.LEFT), ("category", Align.LEFT),
         ("first seen", Align.LEFT), ("lines", Align.RIGHT), ("sum", Align.RIGHT),
         ("days", Align.LEFT), ("holds", Align.LEFT)],
        [
            (
                usage.connection.slug,
                usage.source_type,
                f"{usage.category} (assumed)" if usage.assumed else usage.category,
                f"{usage.first_seen:%Y-%m-%d}",
                usage.lines,
                ", ".join(f"{money(t, minor_digits(c))} {c}" for c, t in usage.totals.items()),
                _days(usage),
                ", ".join(entry.entry_id for entry in usage.held) or "nothing",
            )
            for usage in listed
        ],
    )  # fmt: skip
    if not all(usage.is_mapped for usage in listed):
        print_result(
            "name a category for what is unclassified or assumed under source_types in a mapping "
            "file, then "
            "`daybook mappings set FILE`"
        )


def _days(usage: SourceTypeUsage) -> str:
    if usage.first_day == usage.last_day:
        return str(usage.first_day or "-")
    return f"{usage.first_day} to {usage.last_day}"


@app.command()
def validate(
    file: Path, connection: For = None, target: Target = BOOKS, as_json: Json = False
) -> None:
    """Check a mapping file (YAML or JSON), and list the source types it matches; save nothing."""
    config = _read(file)
    check_chart(config, target)
    if target != BOOKS:
        _check_accounts(file, config, target)
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


@app.command(name="set")
def set_mapping(
    file: Path,
    connection: For = None,
    target: Target = BOOKS,
    first: Annotated[
        date | None,
        typer.Option(
            "--from", parser=day, metavar="DAY", help="first day it holds for; all without it"
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="why, for the history")] = None,
) -> None:
    """Save a mapping file and apply it; entries that it changes are planned again."""
    config = _read(file)
    with workspace() as opened:
        _check_names(opened, connection, target)
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


@app.command(name="accounts")
def list_accounts(
    target: Annotated[str, typer.Option(help="an organisation's slug")], as_json: Json = False
) -> None:
    """List an organisation's accounts by what a mapping names them, and which a journal may use."""
    with workspace() as opened:
        chart = _chart_of(opened, target)
    if chart is None:
        raise BadInput(f"{target} is files: the program that imports them knows its own accounts")
    if as_json:
        print_json({"target": target, "accounts": list(map(asdict, chart))})
        return
    print_table(
        "",
        [("account", Align.LEFT), ("name", Align.LEFT), ("type", Align.LEFT),
         ("not for journals", Align.LEFT)],
        [(a.number, a.name, a.kind, f"it {a.refusal}" if a.refusal else "") for a in chart],
    )  # fmt: skip


def _chart_of(opened: Workspace, target: str) -> list[ChartAccount] | None:
    """Return an organisation's chart; `BadInput` for the books, which have any account."""
    if target == BOOKS:
        raise BadInput("the books take any account: `daybook mappings show` lists the default ones")
    check_target(opened.registry, target)
    return open_organisation(opened, opened.registry.connections.get(target)).accounts()


def _check_accounts(file: Path, config: MappingConfig, target: str) -> None:
    """Raise `BadInput` that names every account and code which the organisation does not take."""
    with workspace() as opened:
        chart = _chart_of(opened, target)
        problems = tax_codes.problems(opened, config, target)
    problems = [*(account_problems(config, chart) if chart is not None else []), *problems]
    if problems:
        raise BadInput(f"{file}: {'; '.join(problems)}")


@app.command()
def history(connection: For = None, target: Target = BOOKS, as_json: Json = False) -> None:
    """List every saved version: since when it holds, who saved it, when and why."""
    with workspace() as opened:
        _check_names(opened, connection, target)
        versions = opened.registry.mappings.history(connection, target)
    if as_json:
        print_json({"versions": list(map(asdict, versions))})
        return
    if not versions:
        print_result("no mapping was saved: the shipped one holds")
        return
    print_table(
        "",
        [("of", Align.LEFT), ("version", Align.RIGHT), ("holds from", Align.LEFT),
         ("saved", Align.LEFT), ("by", Align.LEFT), ("reason", Align.LEFT)],
        [
            (
                saved.connection or "every connection",
                saved.version,
                saved.effective_from or "the beginning",
                f"{saved.created_at:%Y-%m-%d %H:%M}",
                saved.created_by,
                saved.reason or "-",
            )
            for saved in versions
        ],
    )  # fmt: skip


def _check_names(opened: Workspace, connection: str | None, target: str) -> None:
    """Raise `BadInput` for a connection or a target that there is not."""
    if connection is not None:
        opened.registry.connections.get(connection)
    check_target(opened.registry, target)


def _read(file: Path) -> MappingConfig:
    try:
        # JSON is YAML, so one parser reads both.
        loaded: Any = yaml.safe_load(file.read_text())
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: is neither YAML nor JSON ({summary(error)})") from error
    if not isinstance(loaded, dict):
        raise BadInput(f"{file}: holds no mapping; `daybook mappings show --json` shows one")
    try:
        return MappingConfig.model_validate(loaded)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"{file}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}"
        ) from error
