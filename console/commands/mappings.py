"""`mappings`: which account each category goes to, and how to say otherwise."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from connectors.errors import BadInput
from console.commands import dimensions, mapping_changes, mapping_files, tax_codes
from console.days import day
from console.options import Json, MappingOf, MappingTarget
from console.output import Align, money, print_json, print_result, print_table
from console.source_types import source_type_document
from console.targets import chart_of, check_names
from console.workspace import chosen, workspace
from mappings.model import BOOKS, CLEARING
from mappings.money import minor_digits
from mappings.taxonomy import categories
from pipelines.stages.mapping import mapping_of
from pipelines.stages.source_types import (
    SourceTypeUsage,
    a_week_ago,
    new_source_types,
)

app = typer.Typer(help="Which account each category goes to.", no_args_is_help=True)
mapping_files.register(app)
mapping_changes.register(app)
tax_codes.register(app)
dimensions.register(app)

ANY_CONNECTION = "{connection}"


@app.command(name="show")
def show_mapping(
    connection: MappingOf = None, target: MappingTarget = BOOKS, as_json: Json = False
) -> None:
    """Show the effective mapping: category, meaning, account, tax code."""
    with workspace() as opened:
        check_names(opened, connection, target)
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


@app.command(name="accounts")
def list_accounts(
    target: Annotated[str, typer.Option(help="an organisation's slug")], as_json: Json = False
) -> None:
    """List an organisation's accounts by what a mapping names them, and which a journal may use."""
    with workspace() as opened:
        chart = chart_of(opened, target)
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


@app.command()
def history(
    connection: MappingOf = None, target: MappingTarget = BOOKS, as_json: Json = False
) -> None:
    """List every saved version: since when it holds, who saved it, when and why."""
    with workspace() as opened:
        check_names(opened, connection, target)
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
