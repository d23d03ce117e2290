"""Evaluations of sensors as the daemon makes them, on a shop with two stores."""

from collections.abc import Iterator

import dagster as dg
import pytest

from pipelines.definitions import build_definitions
from pipelines.resources import Daybook
from tests.conftest import Server
from tests.pipelines.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        opened.registry.connections.add(
            "mugs", channel="amazon", name="Mugs", timezone="UTC", actor="test"
        )
        yield opened


def tick(
    shop: Shop, sensor: str, cursor: str | None = None, daybook: Daybook | None = None
) -> dg.SensorResult:
    """One evaluation, as the daemon makes it."""
    definition = build_definitions().resolve_sensor_def(sensor)
    with dg.build_sensor_context(
        instance=shop.instance, cursor=cursor, resources={"daybook": daybook or Daybook()}
    ) as context:
        result = definition(context)
    assert isinstance(result, dg.SensorResult)
    return result


def requests(result: dg.SensorResult) -> list[dg.RunRequest]:
    return list(result.run_requests or ())


def of_store(result: dg.SensorResult, slug: str) -> list[dg.RunRequest]:
    return [request for request in requests(result) if request.tags["connection"] == slug]
