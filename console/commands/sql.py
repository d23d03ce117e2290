"""`sql`: questions to the warehouse."""

from typing import Annotated

import typer

from connectors.home.settings import settings
from console.options import Json
from console.output import Align, numeric, print_json, print_table
from pipelines.warehouse import query


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sql)


def sql(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="SQL over the warehouse")],
    as_json: Json = False,
) -> None:
    """Query the warehouse, read-only; works during runs."""
    result = query(settings().warehouse_file, text)
    if as_json:
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        print_json({"columns": list(result.columns), "rows": rows})
        return
    columns = [
        (name, Align.RIGHT if numeric(row[place] for row in result.rows) else Align.LEFT)
        for place, name in enumerate(result.columns)
    ]
    print_table("", columns, result.rows)
