"""A home with stores, worked as an operator does: files in, runs, and what the web server says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from connectors.accounting.beancount import Books
from connectors.channels import channel
from connectors.database.registry import Registry
from connectors.home.home import initialise
from connectors.home.settings import Settings, settings
from connectors.lake.lake import Lake
from connectors.lake.windows import ONE_DAY, Window
from pipelines.execution import RunOutcome, open_instance, run
from pipelines.stages.imports import import_file, open_connection
from pipelines.stages.workspace import Workspace
from sandbox.amazon_files import Line, order, report
from tests.conftest import Server
from tests.pipelines.conftest import Request, web_server

FIRST = date(2026, 3, 2)

DAYS = """
query Days($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) { ... on AssetNode {
    assetPartitionStatuses { ... on MultiPartitionStatuses { ranges {
      primaryDimStartKey primaryDimEndKey
      secondaryDim { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } }
    } } }
  } }
}
"""

CHECKS = """
query Checks($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) { ... on AssetNode {
    assetChecksOrError { ... on AssetChecks { checks {
      name
      partitionStatuses { ... on AssetCheckMultiPartitionStatuses { ranges {
        primaryDimStartKey primaryDimEndKey
        secondaryDim { ... on AssetCheckDefaultPartitionStatuses {
          succeededPartitions failedPartitions inProgressPartitions executionFailedPartitions
        } }
      } } }
    } } }
  } }
}
"""


def fortnight(
    number: int,
    start: date,
    *,
    days: int = 5,
    further: Sequence[Line] = (),
    price: str = "20.00",
) -> str:
    """A settlement of a few days, one order each, paid on the day after the last."""
    lines = list(further)
    for n in range(days):
        at = f"{start + timedelta(days=n)} 12:00:00 UTC"
        lines += order(f"111-{number:07d}-{n:07d}", at=at, price=price)
    end = start + timedelta(days=days)
    return report(
        lines,
        settlement=str(20_000_000_000 + number),
        start=f"{start} 00:00:00 UTC",
        end=f"{end} 00:00:00 UTC",
        deposit=f"{end} 10:00:00 UTC",
    )


def days_from(start: date, days: int) -> list[date]:
    """Return so many days from one on."""
    return list(Window(start, start + timedelta(days=days)))


@dataclass
class Shop:
    """One home with an instance and its web server."""

    settings: Settings
    workspace: Workspace
    instance: dg.DagsterInstance
    ask: Request
    folder: Path

    @property
    def lake(self) -> Lake:
        return self.workspace.lake

    @property
    def registry(self) -> Registry:
        return self.workspace.registry

    @property
    def books(self) -> Books:
        return Books(self.settings.books_folder)

    def take_in(
        self, slug: str, text: str, name: str = "settlement.txt", *, add_key: bool = True
    ) -> str:
        """Import a file of a store, which is made when it is new; returns the document."""
        path = self.folder / name
        path.write_text(text)
        source = channel("amazon")
        target = open_connection(self.workspace, source, slug, timezone="UTC", name=None)
        (outcome,) = import_file(self.workspace, source, target, path)
        if add_key and not self.instance.has_dynamic_partition("connections", slug):
            self.instance.add_dynamic_partitions("connections", [slug])
        return outcome.manifest.document

    def document(self, slug: str, document: str) -> Path:
        return self.lake.document_path(slug, document)

    def run(self, job: str, slug: str, start: date, days: int) -> RunOutcome:
        """Run a job here over some days; returns how it ended."""
        return run(self.instance, job, slug, Window(start, start + timedelta(days=days)))

    def days(self, asset: str, slug: str) -> dict[str, list[date]]:
        """What the web server shows of one asset and store: which days are green, which red."""
        node = self.ask(DAYS, asset={"path": [asset]})["assetNodeOrError"]
        ranges = node["assetPartitionStatuses"]["ranges"]
        return {
            "green": _days(ranges, "materializedPartitions", slug),
            "red": _days(ranges, "failedPartitions", slug),
        }

    def metadata(self, asset: str, partition: str) -> dict[str, Any]:
        """Return the metadata of a partition's latest materialisation."""
        (latest,) = self._materialised(asset, partition, limit=1)
        materialisation = latest.asset_materialization
        assert materialisation is not None
        return {name: entry.value for name, entry in materialisation.metadata.items()}

    def materialisations(self, asset: str, partition: str) -> int:
        """Return how often a partition was materialised."""
        return len(self._materialised(asset, partition, limit=100))

    def _materialised(self, asset: str, partition: str, limit: int) -> list[dg.EventLogRecord]:
        records_filter = dg.AssetRecordsFilter(
            asset_key=dg.AssetKey(asset), asset_partitions=[partition]
        )
        return list(self.instance.fetch_materializations(records_filter, limit=limit).records)

    def reason(self, asset: str, check: str, partition: str) -> str:
        """Return what the latest evaluation of a check says of a partition."""
        key = dg.AssetCheckKey(dg.AssetKey(asset), check)
        log = self.instance.event_log_storage
        for record in log.get_asset_check_execution_history(key, limit=100):
            evaluation = record.evaluation
            if record.partition == partition and evaluation is not None:
                return evaluation.description or ""
        return ""

    def checks(self, asset: str, slug: str) -> dict[str, dict[str, list[date]]]:
        """What the web server shows of the checks of one asset and store."""
        node = self.ask(CHECKS, asset={"path": [asset]})["assetNodeOrError"]
        shown: dict[str, dict[str, list[date]]] = {}
        for check in node["assetChecksOrError"]["checks"]:
            ranges = (check["partitionStatuses"] or {}).get("ranges", [])
            shown[check["name"]] = {
                state: days
                for state in ("succeeded", "failed", "inProgress", "executionFailed")
                if (days := _days(ranges, f"{state}Partitions", slug))
            }
        return shown


def _days(ranges: list[dict[str, Any]], state: str, slug: str) -> list[date]:
    results: list[date] = []
    for shown in ranges:
        if slug in shown["secondaryDim"].get(state, ()):
            start, end = shown["primaryDimStartKey"], shown["primaryDimEndKey"]
            results += Window(date.fromisoformat(start), date.fromisoformat(end) + ONE_DAY)
    return sorted(results)


def _begin_the_partitions(registry: Registry) -> None:
    """A store from before, so that the web server's partitions begin before any of a test."""
    registry.connections.add("before", channel="amazon", name="B", timezone="UTC", actor="test")
    registry.days.set_states("before", {FIRST - timedelta(days=60): ("open", None)})


@contextmanager
def open_shop(server: Server, folder: Path) -> Iterator[Shop]:
    """A fresh home whose database lies on the test worker's server; this process works in it."""
    with server.database() as url, pytest.MonkeyPatch.context() as patch:
        home = folder / "home"
        patch.setenv("DAYBOOK_HOME", str(home))
        patch.setenv("DAYBOOK_DATABASE_URL", url.get_secret_value())
        patch.setenv("DAGSTER_HOME", str(home / "dagster"))
        settings.cache_clear()
        initialise(settings())
        try:
            with Registry.open(settings()) as registry:
                _begin_the_partitions(registry)
            with (
                Registry.open(settings()) as registry,
                open_instance([]) as instance,
                web_server(instance, "pipelines.definitions") as ask,
            ):
                workspace = Workspace(settings(), registry)
                yield Shop(settings(), workspace, instance, ask, folder)
        finally:
            settings.cache_clear()
