"""`mappings tracking`: what an organisation tracks lines by, as a mapping names it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from connectors.accounting.dimensions import Dimension
from connectors.errors import BadInput
from console.options import Json
from console.output import Align, print_json, print_result, print_table
from console.targets import organisation_named
from console.workspace import workspace
from mappings.model import BOOKS
from pipelines.stages.dimensions import tracking_of
from pipelines.stages.imports import ACTOR


def register(app: typer.Typer) -> None:
    """Add the command to `mappings`."""
    app.command(name="tracking")(list_tracking)


def list_tracking(
    target: Annotated[str, typer.Option(help="an organisation's slug")],
    create: Annotated[
        bool, typer.Option("--create", help="Make the values that its stores' mappings lack there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List an organisation's dimensions and their values, and what its mappings lack there."""
    if target == BOOKS:
        raise BadInput("the books keep no dimensions: name an organisation (--target)")
    with workspace() as opened:
        organisation = organisation_named(opened, target)
        tracking = tracking_of(opened, organisation, create=create, actor=ACTOR)
    if tracking.dimensions is None:
        raise BadInput(f"{target} is files: the program that imports them knows its own dimensions")
    missing = [{"dimension": name, "value": value} for name, value in tracking.missing]
    if as_json:
        dimensions = list(map(asdict, tracking.dimensions))
        made = missing if create else []
        lacking = [] if create else missing
        print_json({"target": target, "dimensions": dimensions, "missing": lacking, "made": made})
        return
    if not tracking.dimensions:
        print_result(f"{target} takes no tracking")
        return
    print_table(
        "",
        [("dimension", Align.LEFT), ("value", Align.LEFT), ("not for journals", Align.LEFT)],
        list(_rows(tracking.dimensions)),
    )
    for each in missing:
        state = "made" if create else "missing"
        print_result(f"{state}: {each['value']} of {each['dimension']}")
    if missing and not create:
        print_result("`--create` makes what is missing")


def _rows(dimensions: Sequence[Dimension]) -> Iterator[tuple[str, str, str]]:
    for dimension in dimensions:
        for value in dimension.values or ():
            refusal = value.refusal or dimension.refusal
            yield dimension.name, value.name, f"it {refusal}" if refusal else ""
        if not dimension.values:
            yield dimension.name, "-", f"it {dimension.refusal}" if dimension.refusal else ""
