"""Opening the home for a command."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connectors.errors import BadInput
from connectors.registry import Connection, Registry
from connectors.settings import settings
from pipelines.stages.workspace import Workspace


@contextmanager
def workspace() -> Iterator[Workspace]:
    """The home's workspace; `ConfigError` says to run `daybook init` where there is none."""
    if not settings().home.is_dir():
        raise BadInput(f"there is no home at {settings().home}: run `daybook init`")
    with Registry.open(settings()) as registry:
        yield Workspace(settings(), registry)


def chosen(opened: Workspace, slugs: Sequence[str]) -> list[Connection]:
    """The named connections, or all of them."""
    if slugs:
        return [opened.registry.connection(slug) for slug in slugs]
    return opened.registry.connections()
