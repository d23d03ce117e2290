"""Opening the home for a command."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connectors.accounts.platforms import has_settlements
from connectors.database.registry import Connection, Registry
from connectors.errors import BadInput
from connectors.home.settings import settings
from connectors.lake.temporary import sweep
from pipelines.stages.workspace import Workspace


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Yield the home's workspace; `ConfigError` says to run `daybook init` where there is none."""
    if not settings().home.is_dir():
        raise BadInput(f"there is no home at {settings().home}: run `daybook init`")
    with Registry.open(settings()) as registry:
        # A killed command leaves temporary files, which whoever comes next deletes.
        sweep(settings())
        yield Workspace(settings(), registry)


def chosen(opened: Workspace, slugs: Sequence[str]) -> list[Connection]:
    """Return the named connections, or all that have settlements.

    `BadInput` for a named one that has none: an accounting target.
    """
    if not slugs:
        return [c for c in opened.registry.connections.list() if has_settlements(c)]
    named = [opened.registry.connections.get(slug) for slug in slugs]
    for connection in named:
        if not has_settlements(connection):
            raise BadInput(f"{connection.slug} is no store: it has no settlements")
    return named
