"""Targets as they are named at a terminal and in the API."""

from connectors.accounting import TARGETS
from connectors.accounting.target import ChartAccount
from connectors.accounts.platforms import has_settlements
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.errors import BadInput
from console.connections import check_target
from mappings.model import BOOKS
from pipelines.stages.organisations import open_organisation
from pipelines.stages.workspace import Workspace


def organisation_named(opened: Workspace, target: str) -> Connection:
    """Return the accounting organisation of a slug; `BadInput` lists the targets there are."""
    connected = {
        c.slug: c
        for c in opened.registry.connections.list()
        if not has_settlements(c) and c.account_id is not None
    }
    if target not in connected:
        targets = ", ".join([*TARGETS, *connected])
        raise BadInput(f"there is no target {target!r}: choose {targets}")
    return connected[target]


def check_names(opened: Workspace, connection: str | None, target: str) -> None:
    """Raise `BadInput` for a connection or a target that there is not."""
    if connection is not None:
        opened.registry.connections.get(connection)
    check_target(opened.registry, target)


def chart_of(opened: Workspace, target: str) -> list[ChartAccount] | None:
    """Return an organisation's chart; None where only its own program knows it.

    `BadInput` for the books, which have any account.
    """
    if target == BOOKS:
        raise BadInput("the books take any account: `daybook mappings show` lists the default ones")
    return open_organisation(opened, organisation_named(opened, target)).accounts()


def target_named(opened: Workspace, store: Connection, target: str | None) -> str:
    """Return a target by its slug, or the store's own; `BadInput` where there is none of it."""
    chosen = target or Setup.model_validate(store.setup).target
    if chosen != BOOKS:
        organisation_named(opened, chosen)
    return chosen


def organisation_for(opened: Workspace, store: Connection, target: str | None) -> Connection:
    """Return an organisation by its slug, or the store's own; `BadInput` for the books.

    Entries for the books wait for nobody's approval.
    """
    chosen = target_named(opened, store, target)
    if chosen == BOOKS:
        raise BadInput(
            f"the entries of {store.slug} go to the books alone, which need no approval: "
            "name an organisation (--target)"
        )
    return organisation_named(opened, chosen)
