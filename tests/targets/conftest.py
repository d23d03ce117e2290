"""A target and its store, made once for all modules that name it and emptied for every test."""

from collections.abc import Iterator

import pytest

from tests.conftest import Server
from tests.targets.stands import Stand, stand


@pytest.fixture(scope="session")
def stood(
    request: pytest.FixtureRequest,
    embedded_server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stand]:
    """The target that a test names as its parameter."""
    with stand(request.param, embedded_server, tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture
def at(stood: Stand) -> Stand:
    """The target, empty, with every entry planned."""
    stood.reset()
    return stood
