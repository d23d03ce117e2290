"""Accounting organisations as commands and the API name them."""

from connectors.accounting.target import ChartAccount
from connectors.database.registry import Connection
from connectors.errors import BadInput
from console.connections import check_target
from mappings.model import BOOKS
from pipelines.stages.organisations import open_organisation
from pipelines.stages.workspace import Workspace


def check_names(opened: Workspace, connection: str | None, target: str) -> None:
    """Raise `BadInput` for a connection or a target that there is not."""
    if connection is not None:
        opened.registry.connections.get(connection)
    check_target(opened.registry, target)


def organisation_named(opened: Workspace, target: str) -> Connection:
    """Return an organisation; `BadInput` for the books, which have any account."""
    if target == BOOKS:
        raise BadInput("the books take any account: `daybook mappings show` lists the default ones")
    check_target(opened.registry, target)
    return opened.registry.connections.get(target)


def chart_of(opened: Workspace, target: str) -> list[ChartAccount] | None:
    """Return an organisation's chart; None where only its own program knows it."""
    return open_organisation(opened, organisation_named(opened, target)).accounts()
