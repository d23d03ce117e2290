"""Somebody at a terminal who sells on eBay, and the platform that they sell on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import AssetCheckEvaluation

from connectors.home.settings import settings
from pipelines.execution import open_instance
from sandbox.ebay import EBay
from sandbox.limits import CLOCK
from sandbox.money import live_to
from sandbox.server import bound, serving
from tests.console.user import Told, User
from tests.days import days_ago


@dataclass(frozen=True)
class Seller:
    """Somebody at a terminal who sells on eBay."""

    user: User
    ebay: EBay
    folder: Path

    def __call__(self, *words: object) -> Told:
        return self.user(*words, DAYBOOK_ENDPOINTS=str(self.folder / "endpoints.json"))

    def connect(self, *words: object) -> None:
        """Connect the first account under the slug `ember`."""
        credentials = self.ebay.fields() | self.ebay.keys(self.ebay.first)
        (self.folder / "keys.json").write_text(json.dumps(credentials))
        keys = self.folder / "keys.json"
        result = self(
            "connections", "add", "ebay", "--name", "Ember", "--credentials", keys, *words
        )
        assert result.code == 0, result

    @contextmanager
    def dagster(self) -> Iterator[dg.DagsterInstance]:
        """What the command left in Dagster's own record."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAYBOOK_HOME", str(self.user.home))
            if self.user.database:
                patch.setenv("DAYBOOK_DATABASE_URL", self.user.database)
            settings.cache_clear()
            with open_instance([]) as instance:
                yield instance
        settings.cache_clear()

    def fetches(self) -> list[dg.DagsterRun]:
        """The runs that fetched, latest first."""
        with self.dagster() as instance:
            return list(instance.get_runs(dg.RunsFilter(job_name="fetch")))

    def fetch_check(self) -> AssetCheckEvaluation:
        """The latest evaluation of the check on a fetch, of the store's partition."""
        key = dg.AssetCheckKey(dg.AssetKey("raw_settlements"), "fetch_is_complete")
        with self.dagster() as instance:
            log = instance.event_log_storage
            (record,) = log.get_asset_check_execution_history(key, limit=1)
        assert record.partition == "ember"
        assert record.evaluation is not None
        return record.evaluation

    def proofs(self) -> Any:
        result = self("reconcile", "--json")
        return result.json["settlements"]


@pytest.fixture
def seller(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seller]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    ebay = EBay()
    live_to(ebay, days_ago(0))
    with serving(ebay.application, bound()) as url:
        (tmp_path / "endpoints.json").write_text(json.dumps({"ebay": ebay.endpoints(url)}))
        yield Seller(user, ebay, tmp_path)
