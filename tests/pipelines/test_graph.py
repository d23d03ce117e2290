"""The asset graph, as it stands in the snapshot: `pytest --rewrite-snapshots` writes it anew."""

import warnings
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pipelines.definitions import build_definitions

SNAPSHOT = Path(__file__).parent / "snapshots" / "graph.yaml"


def test_definitions_load_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dg.Definitions.validate_loadable(build_definitions())


def test_the_graph_is_the_one_of_the_snapshot(request: pytest.FixtureRequest) -> None:
    described = yaml.safe_dump(describe(build_definitions()), sort_keys=False, width=100)
    if request.config.getoption("--rewrite-snapshots"):
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(described)
    assert described == SNAPSHOT.read_text()


def describe(definitions: dg.Definitions) -> dict[str, Any]:
    """What an operator sees, in words."""
    graph = definitions.resolve_asset_graph()
    repository = definitions.get_repository_def()
    return {
        "assets": {
            key.to_user_string(): _asset(graph.get(key)) for key in graph.toposorted_asset_keys
        },
        "checks": {
            key.to_user_string(): _check(graph.get(key))
            for key in sorted(graph.asset_check_keys, key=str)
        },
        "jobs": {
            job.name: [
                key.to_user_string() for key in sorted(job.asset_layer.executable_asset_keys)
            ]
            for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)
            if not job.name.startswith("__")
        },
        "sensors": {
            sensor.name: {
                "jobs": sorted(target.job_name for target in sensor.targets),
                "status": sensor.default_status.value,
                "seconds": sensor.minimum_interval_seconds,
            }
            for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name)
        },
        "schedules": [schedule.name for schedule in repository.schedule_defs],
    }


def _asset(node: Any) -> dict[str, Any]:
    return {
        "group": node.group_name,
        "depends_on": sorted(key.to_user_string() for key in node.parent_keys),
        "partitions": _partitions(node.partitions_def),
        "kinds": sorted(node.kinds),
        "pools": sorted(node.pools or ()),
        "backfill": node.backfill_policy.policy_type.value if node.backfill_policy else None,
        "owners": list(node.owners),
        "columns": _columns(node.metadata),
        "has_code_version": bool(node.code_version),
        "description": node.description,
    }


def _columns(metadata: Any) -> int:
    """Count the columns that an asset describes."""
    schema = metadata.get("dagster/column_schema")
    return (
        len(schema.value.columns if hasattr(schema, "value") else schema.columns) if schema else 0
    )


def _check(node: Any) -> dict[str, Any]:
    return {
        "blocking": node.blocking,
        "partitions": _partitions(node.partitions_def),
        "description": node.description,
    }


def _partitions(definition: dg.PartitionsDefinition | None) -> str | None:
    if not isinstance(definition, dg.MultiPartitionsDefinition):
        return None if definition is None else type(definition).__name__
    return " x ".join(
        f"{dimension.name} ({type(dimension.partitions_def).__name__})"
        for dimension in definition.partitions_defs
    )
