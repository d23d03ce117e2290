"""Options that many commands have."""

from typing import Annotated

import typer

MappingOf = Annotated[str | None, typer.Option("--connection", help="of one connection")]
MappingTarget = Annotated[str, typer.Option("--target", help="books, or an organisation's slug")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
