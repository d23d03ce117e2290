"""`mappings tax-codes`: the tax codes of an organisation, by what a mapping names them."""

from dataclasses import asdict
from typing import Annotated

import typer

from connectors.accounting.target import TaxCode
from connectors.errors import BadInput
from console.connections import check_target
from console.options import Json
from console.output import Align, print_json, print_table
from console.workspace import workspace
from mappings.model import BOOKS
from pipelines.stages.organisations import open_organisation
from pipelines.stages.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the command to `mappings`."""
    app.command(name="tax-codes")(list_tax_codes)


def list_tax_codes(
    target: Annotated[str, typer.Option(help="an organisation's slug")], as_json: Json = False
) -> None:
    """List an organisation's tax codes by what a mapping names them, with their rates."""
    if target == BOOKS:
        raise BadInput("the books know no tax codes: tax is on lines of its own there")
    with workspace() as opened:
        codes = _codes_of(opened, target)
    if codes is None:
        raise BadInput(f"{target} is files: the program that imports them knows its own tax codes")
    if as_json:
        print_json({"target": target, "tax_codes": list(map(asdict, codes))})
        return
    print_table(
        "",
        [("tax code", Align.LEFT), ("name", Align.LEFT), ("rate", Align.RIGHT),
         ("not for journals", Align.LEFT)],
        [
            (c.number, c.name, "-" if c.rate is None else f"{c.rate.normalize():f} %",
             f"it {c.refusal}" if c.refusal else "")
            for c in codes
        ],
    )  # fmt: skip


def _codes_of(opened: Workspace, target: str) -> list[TaxCode] | None:
    check_target(opened.registry, target)
    return open_organisation(opened, opened.registry.connections.get(target)).tax_codes()
