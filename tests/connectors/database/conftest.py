"""Servers of homes that a test makes itself."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.database import postgres
from connectors.home.settings import Settings


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path], Settings]]:
    """Starts the server of a home, a new one if need be; stops it at the end."""
    started: list[Settings] = []

    def start(home: Path) -> Settings:
        settings = Settings(home=home, database_url=None)
        started.append(settings)
        postgres.ensure_database(settings)
        return settings

    yield start
    for settings in started:
        postgres.stop(settings)
    shutil.rmtree(tmp_path)
