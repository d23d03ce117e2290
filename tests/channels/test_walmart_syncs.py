"""Walmart's reports through its API: each once, as a file or as records, under tokens that end."""

import io
import itertools
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from connectors.channels.walmart.api import REFUSED_SECONDS, NoFile, error_for
from connectors.errors import RateLimited, Transient
from connectors.home.settings import Settings
from sandbox.browser import NO_TLS
from sandbox.limits import CLOCK
from sandbox.walmart_money import PAYING, WalmartMoney
from tests.channels.stores import Store, check_tied, store

REPORTS = "/v3/report/reconreport"


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Store]:
    with store("walmart", quick_home, tmp_path) as opened:
        yield opened


def money(at: Store) -> WalmartMoney:
    assert isinstance(at.money, WalmartMoney)
    return at.money


def requested_paths(at: Store) -> list[str]:
    """What was asked of the reports, in order: the operation and the day."""
    calls = [e for e in at.exchanges if e.path.startswith(REPORTS)]
    days = [httpx2.QueryParams(e.query.decode()).get("reportDate", "") for e in calls]
    return [f"{e.path.rpartition('/')[2]} {d}".strip() for e, d in zip(calls, days, strict=True)]


def test_a_report_is_fetched_once_and_the_newest_is_looked_at_again(at: Store) -> None:
    first, second = (f"reconFile {report.listed}" for report in money(at).reports)
    at.sync()
    assert requested_paths(at) == ["availableReconFiles", first, second]
    at.sync()
    assert requested_paths(at)[3:] == ["availableReconFiles", second]
    at.books()
    why = at.proofs()["20261027"].why or ""
    assert "carried from or to other payments" in why


def test_days_that_no_report_covers_are_open(at: Store) -> None:
    at.sync()
    last, paid_on = money(at).reports[-1].end, money(at).reports[-1].end + PAYING
    still = [day for day in at.whole if day >= last and day != paid_on]
    assert at.house.normalise(at.whole).open == still


def test_a_report_that_was_imported_by_hand_is_not_fetched_again(at: Store) -> None:
    with httpx2.Client(verify=NO_TLS) as anybody:
        access = at.desk.accounts.access(at.house.slug)
        headers = {"WM_SEC.ACCESS_TOKEN": access.token(), "WM_SVC.NAME": "test"}
        headers |= {
            "WM_QOS.CORRELATION_ID": str(uuid.uuid4()),
            "Accept": "application/octet-stream",
        }
        url = access.url("api", f"{REPORTS}/reconFile")
        query = {"reportDate": "10132026", "reportVersion": "v1"}
        packed = anybody.get(url, params=query, headers=headers).content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        at.house.take(archive.read(archive.namelist()[0]), "by hand.csv")
    before = len(requested_paths(at))
    at.sync()
    assert requested_paths(at)[before:] == ["availableReconFiles", "reconFile 10272026"]


def test_records_say_what_the_file_says(at: Store) -> None:
    at.sync()
    files = at.house.workspace.lake.effective_documents(at.house.slug)
    newest = money(at).reports[-1].listed
    money(at).no_files, money(at).largest = {newest}, 80
    (manifest,) = at.sync().documents
    pages = [call for call in requested_paths(at) if call == f"reconFileJson {newest}"]
    assert len(pages) > 2
    assert manifest.format == "api_report"
    assert (manifest.supersedes, manifest.settlements[0].row) == (files[-1].document, 1)
    assert (manifest.total, manifest.days) == (files[-1].total, files[-1].days)
    assert manifest.source_types == files[-1].source_types
    at.books()
    check_tied(at)
    at.sync()
    assert at.sync().documents == []


def test_a_token_may_end_before_any_call(at: Store) -> None:
    def ending() -> Iterator[str | None]:
        for number in itertools.count():
            if number % 4 == 3:
                at.desk.emulator.expire()
            yield None

    at.desk.emulator.application.script = ending()
    money(at).no_files = {money(at).reports[0].listed}
    at.sync()
    at.desk.emulator.application.script = iter(())
    at.books()
    check_tied(at)


def answered(status: int, content: bytes = b"", path: str = "reconFile", **headers: str) -> object:
    request = httpx2.Request("GET", f"https://walmart.test{REPORTS}/{path}")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_for(httpx2.Response(status, headers=named, content=content, request=request))


def test_walmart_s_own_errors_are_seen_in_a_success() -> None:
    error = b'{"status":"ERROR","error":{"message":"Could not find acceptable representation"}}'
    assert isinstance(answered(200, error), NoFile)
    assert isinstance(answered(406), NoFile)
    assert isinstance(answered(200, b"<html>gateway</html>"), Transient)
    assert isinstance(answered(200, b"PK\x03\x04 cut"), Transient)
    assert isinstance(answered(200, error, path="availableReconFiles"), Transient)
    assert answered(200, b'{"availableApReportDates":[]}', path="availableReconFiles") is None


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, 7),
        ({}, REFUSED_SECONDS),
        ({"X_Next_Replenishment_Time": "soon"}, REFUSED_SECONDS),
        ({"X_Next_Replenish_Time": "2020-01-01T00:00:00"}, REFUSED_SECONDS),
        ({"X_Next_Replenishment_Time": "1577836800000"}, REFUSED_SECONDS),
    ],
)
def test_a_refusal_lasts_as_long_as_it_says_or_a_quarter_of_an_hour(
    headers: dict[str, str], wait: float
) -> None:
    error = answered(429, **headers)
    assert isinstance(error, RateLimited)
    assert error.retry_after == wait


def test_a_report_whose_payment_is_of_another_day_is_known_by_the_list_s(at: Store) -> None:
    report = money(at).reports[0]
    report.rows[0]["Transaction Posted Timestamp"] = "10/14/2026"
    at.sync()
    statements = [m.statement for m in at.house.workspace.lake.effective_documents(at.house.slug)]
    assert statements == ["20261014", "20261027"]
    before = len(requested_paths(at))
    at.sync()
    assert requested_paths(at)[before:] == ["availableReconFiles", "reconFile 10272026"]
