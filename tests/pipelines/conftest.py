"""Dagster instances on a real PostgreSQL, and questions to the web server's GraphQL API."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as db
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.test_utils import in_process_test_workspace
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster_graphql.test.utils import execute_dagster_graphql

from connectors.database.postgres import database_url
from connectors.home.settings import Settings
from pipelines.execution import UNCAPTURED

OURS = ("pipelines.storage", "{}Storage")
STOCK = ("dagster_postgres", "Postgres{}Storage")
STORAGES = {"event_log_storage": "EventLog", "run_storage": "Run", "schedule_storage": "Schedule"}

OpenInstance = Callable[[str, tuple[str, str]], dg.DagsterInstance]


def schema_url(settings: Settings, schema: str) -> str:
    """An empty schema's URL."""
    url = database_url(settings, schema)
    engine = db.create_engine(url, poolclass=db.NullPool)
    with engine.begin() as connection:
        connection.execute(db.text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        connection.execute(db.text(f"CREATE SCHEMA {schema}"))
    return url


@pytest.fixture
def open_instance(
    postgres_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenInstance]:
    """Makes instances by name, on the storages of a package."""
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "5000")
    opened = []

    def make(name: str, storages: tuple[str, str]) -> dg.DagsterInstance:
        module, pattern = storages
        config: dict[str, Any] = {
            storage: {
                "module": module,
                "class": pattern.format(kind),
                "config": {"postgres_url": schema_url(postgres_home, name)},
            }
            for storage, kind in STORAGES.items()
        }
        folder = tmp_path / name
        folder.mkdir()
        (folder / "dagster.yaml").write_text(
            yaml.safe_dump({**config, **UNCAPTURED, "telemetry": {"enabled": False}})
        )
        instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder)))
        opened.append(instance)
        return instance

    yield make
    for instance in opened:
        instance.dispose()


Request = Callable[..., Any]


@contextmanager
def web_server(instance: dg.DagsterInstance, module: str) -> Iterator[Request]:
    """Questions to the web server of an instance, with `module.defs` loaded in this process."""
    origin = LoadableTargetOrigin(
        executable_path=sys.executable, module_name=module, attribute="defs"
    )
    with in_process_test_workspace(instance, origin) as workspace, workspace as request:
        yield lambda query, **variables: execute_dagster_graphql(request, query, variables).data
