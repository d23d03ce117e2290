"""The data chain on a real instance, and what the web server shows of it, day by day."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.launcher import WorkerStatus

from pipelines.checks import CHAIN
from pipelines.execution import run, run_fetch
from pipelines.sync import sync
from sandbox.amazon_files import line
from tests.conftest import Server
from tests.pipelines.shop import FIRST, Shop, days_from, fortnight, open_shop

# The settlement covers five days and is paid on the sixth; the other days of the week are open.
COVERED = [FIRST + timedelta(days=n) for n in range(5)]
PAID = FIRST + timedelta(days=5)
DONE = [*COVERED, PAID]


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def test_days_without_a_settlement_are_open_and_end_as_successes(shop: Shop) -> None:
    shop.take_in("mugs", fortnight(1, FIRST))
    outcome = shop.run("data", "mugs", FIRST - timedelta(days=1), 9)
    assert outcome.ok, outcome.problem
    window = days_from(FIRST - timedelta(days=1), 9)
    for asset in CHAIN:
        assert shop.days(asset, "mugs") == {"green": window, "red": []}, asset
        assert shop.metadata(asset, f"mugs|{window[0]}")["state"] == "open"
        assert shop.metadata(asset, f"mugs|{FIRST}")["state"] == "done"
    uncovered = [day for day in window if day not in DONE]
    shown = shop.checks("transactions", "mugs")["day_is_covered"]
    assert shown == {"succeeded": DONE, "failed": uncovered}
    assert shop.lake.days("transactions", "mugs") == set(DONE)
    states = {s.day: (s.state, s.reason) for s in shop.registry.days.list("mugs")}
    assert states[FIRST] == ("done", None)
    assert states[FIRST - timedelta(days=1)] == ("open", "no settlement covers this day yet")


def test_every_check_of_a_day_is_shown(shop: Shop) -> None:
    shop.take_in("mats", fortnight(8, FIRST))
    assert shop.run("data", "mats", FIRST, 7).ok
    assert shop.checks("transactions", "mats") == {
        "day_is_covered": {"succeeded": DONE, "failed": [DONE[-1] + timedelta(days=1)]},
        "day_is_computed": {},
        "documents_are_as_stored": {"succeeded": DONE},
        "lines_are_conserved": {"succeeded": DONE},
        "transaction_keys_are_unique": {"succeeded": DONE},
        "every_line_is_classified": {"succeeded": DONE},
    }
    # Only the day on which a settlement closes says something of it.
    assert shop.checks("settlements", "mats") == {
        "settlement_ties_to_declared_total": {"succeeded": [PAID]},
        "reserve_is_released_in_full": {},
        "day_is_computed": {},
    }
    assert shop.checks("daily_journals", "mats") == {
        "day_is_computed": {},
        "entries_balance": {"succeeded": DONE},
        "facilitator_tax_nets_to_zero": {"succeeded": DONE},
    }


def test_a_settlement_is_judged_by_the_run_that_brings_its_last_day_up_to_date(shop: Shop) -> None:
    shop.take_in("jugs", fortnight(7, FIRST))
    assert shop.run("data", "jugs", PAID, 1).ok
    assert shop.checks("settlements", "jugs")["settlement_ties_to_declared_total"] == {}
    assert shop.run("data", "jugs", FIRST, 5).ok
    judged = shop.checks("settlements", "jugs")["settlement_ties_to_declared_total"]
    assert judged == {"succeeded": [PAID]}


def test_a_damaged_document_fails_its_days_alone_and_its_return_heals_them(shop: Shop) -> None:
    shop.take_in("lamps", fortnight(2, FIRST), "good.txt")
    bad = shop.take_in("lamps", fortnight(3, PAID + timedelta(days=1)), "bad.txt")
    red = [PAID + timedelta(days=1 + n) for n in range(6)]
    path = shop.document("lamps", bad)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    outcome = shop.run("data", "lamps", FIRST - timedelta(days=1), 20)
    assert not outcome.ok
    assert outcome.problem is not None
    assert "6 of the run's days failed" in outcome.problem
    assert "bad.txt" in outcome.problem
    open_days = [d for d in days_from(FIRST - timedelta(days=1), 20) if d not in {*DONE, *red}]
    for asset in CHAIN:
        shown = shop.days(asset, "lamps")
        assert shown == {"green": sorted([*DONE, *open_days]), "red": red}, asset
    shown = shop.checks("transactions", "lamps")["documents_are_as_stored"]
    assert shown == {"succeeded": DONE, "failed": red}
    for asset in ("settlements", "daily_journals"):
        reasons = shop.checks(asset, "lamps")["day_is_computed"]
        assert reasons == {"failed": red}, "a red day says why at every asset"
    assert "bad.txt" in shop.reason("daily_journals", "day_is_computed", f"lamps|{red[0]}")
    assert shop.checks("settlements", "lamps")["settlement_ties_to_declared_total"] == {
        "succeeded": [PAID]
    }, "it is never red for a cause that is not the proof"
    assert shop.days("daily_journals", "mugs")["red"] == []

    path.write_bytes(whole)
    one = red[2]
    assert shop.run("data", "lamps", one, 1).ok
    for asset in CHAIN:
        shown = shop.days(asset, "lamps")
        good = sorted([*DONE, *open_days, one])
        assert shown == {"green": good, "red": [d for d in red if d != one]}, asset
    assert shop.run("data", "lamps", red[0], 6).ok
    for asset in CHAIN:
        good = sorted([*DONE, *open_days, *red])
        assert shop.days(asset, "lamps") == {"green": good, "red": []}, asset
    assert shop.checks("settlements", "lamps") == {
        "settlement_ties_to_declared_total": {"succeeded": [PAID, red[-1]]},
        "reserve_is_released_in_full": {},
        "day_is_computed": {},
    }


def test_an_unknown_word_is_a_warning_that_holds_its_own_entry_only(shop: Shop) -> None:
    strange = line(
        "ServiceFee", "Drone Delivery", "Landing fee", "-4.20", at=f"{FIRST} 09:00:00 UTC"
    )
    shop.take_in("drones", fortnight(4, FIRST, further=[strange]))
    assert shop.run("data", "drones", FIRST, 6).ok
    assert shop.days("daily_journals", "drones") == {"green": DONE, "red": []}
    classified = shop.checks("transactions", "drones")["every_line_is_classified"]
    assert classified == {"failed": [FIRST], "succeeded": DONE[1:]}

    assert shop.books.posted(["drones"]) == [], "a data run never posts"
    assert shop.run("publish", "drones", FIRST, 6).ok
    assert shop.days("published_journals", "drones") == {"green": DONE, "red": []}
    assert shop.metadata("published_journals", f"drones|{FIRST}")["state"] == "held"
    sent = shop.checks("published_journals", "drones")["every_entry_is_posted"]
    assert sent == {"succeeded": DONE[1:], "failed": [FIRST]}
    held = shop.registry.publications.list("books", ["drones"], states=["held"])
    assert [p.business_date for p in held] == [FIRST]
    assert {posted.business_date for posted in shop.books.posted(["drones"])} == set(DONE[1:])


def test_publishing_reads_back_and_bean_check_agrees(shop: Shop) -> None:
    shop.take_in("mugs", fortnight(1, FIRST))
    assert shop.run("data", "mugs", FIRST, 7).ok
    assert shop.run("publish", "mugs", FIRST, 7).ok
    week = days_from(FIRST, 7)
    assert shop.days("published_journals", "mugs") == {"green": week, "red": []}
    assert shop.metadata("published_journals", f"mugs|{week[-1]}")["state"] == "open"
    assert shop.checks("published_journals", "mugs")["books_hold_the_entries"] == {
        "succeeded": week
    }
    before = {p: p.read_bytes() for p in shop.settings.books_folder.rglob("*.beancount")}
    assert shop.run("data", "mugs", FIRST, 7).ok
    assert shop.run("publish", "mugs", FIRST, 7).ok
    assert {p: p.read_bytes() for p in before} == before
    latest = shop.instance.event_log_storage.get_asset_check_execution_history(
        check_key=dg.AssetCheckKey(dg.AssetKey("published_journals"), "bean_check_passes"), limit=1
    )
    assert latest[0].status.value == "SUCCEEDED"


def test_an_account_that_needs_its_owner_fails_its_fetch_and_no_day(shop: Shop) -> None:
    shop.take_in("locked", fortnight(70, FIRST), "locked.txt")
    shop.registry.connections.add(
        "lost", channel="amazon", name="Lost", timezone="UTC", kind="api", actor="test"
    )
    shop.instance.add_dynamic_partitions("connections", ["lost"])
    registry = shop.registry
    registry.connections.set_state("lost", "needs_reauth", "test", "the keys were taken back")
    outcome = run_fetch(shop.instance, "lost")
    assert (outcome.ok, outcome.passes) == (False, False)
    assert outcome.problem == "lost: the keys were taken back: connect lost again"
    by_files = run_fetch(shop.instance, "locked")
    assert by_files.problem == "locked: locked is fed by files: import them with `daybook import`"
    assert shop.run("data", "locked", FIRST, 8).ok
    assert shop.days("daily_journals", "locked")["red"] == []


def test_a_damaged_manifest_fails_its_days_in_a_line_and_its_return_heals_them(shop: Shop) -> None:
    shop.take_in("dishes", fortnight(91, FIRST), "dishes.txt")
    (manifest,) = (shop.settings.lake_folder / "raw" / "dishes").glob("*.json")
    whole = manifest.read_bytes()
    manifest.write_bytes(b"{")
    outcome = shop.run("data", "dishes", FIRST, 6)
    assert not outcome.ok
    assert (outcome.problem or "").startswith(
        "6 of the run's days failed. First: dishes 2026-03-02"
    )
    assert "is not a manifest of this version" in (outcome.problem or "")
    manifest.write_bytes(whole)
    assert shop.run("data", "dishes", FIRST, 6).ok
    assert shop.days("daily_journals", "dishes") == {"green": DONE, "red": []}


def test_an_import_is_a_materialisation_of_the_raw_settlements(shop: Shop) -> None:
    shop.take_in("cups", fortnight(90, FIRST), "cups.txt")
    assert shop.run("data", "cups", FIRST, 6).ok
    metadata = shop.metadata("raw_settlements", "cups")
    assert metadata == {"state": "done", "new_documents": 1, "files": "cups.txt"}
    assert shop.registry.inbox.of_connection("cups") == [], "the days are computed"
    before = shop.materialisations("raw_settlements", "cups")
    assert shop.run("data", "cups", FIRST, 6).ok
    assert shop.materialisations("raw_settlements", "cups") == before


def test_days_that_a_restatement_no_longer_covers_are_open(shop: Shop) -> None:
    shop.take_in("hats", fortnight(5, FIRST), "first.txt")
    assert shop.run("data", "hats", FIRST, 6).ok
    assert shop.run("publish", "hats", FIRST, 6).ok
    shop.take_in("hats", fortnight(5, FIRST, days=3), "restated.txt")
    assert shop.run("data", "hats", FIRST, 6).ok
    left = DONE[:4]
    for asset in CHAIN:
        assert shop.days(asset, "hats") == {"green": DONE, "red": []}, asset
        assert shop.metadata(asset, f"hats|{DONE[-1]}")["state"] == "open"
    assert shop.checks("settlements", "hats")["settlement_ties_to_declared_total"] == {
        "succeeded": [left[-1]]
    }, "an open day is asked nothing"
    unsupported = shop.registry.publications.unsupported("books")
    assert {p.business_date for p in unsupported} == set(DONE[4:])
    assert shop.run("publish", "hats", FIRST, 6).ok
    assert shop.days("published_journals", "hats") == {"green": DONE, "red": []}
    assert shop.metadata("published_journals", f"hats|{DONE[-1]}")["state"] == "open"
    assert {posted.business_date for posted in shop.books.posted(["hats"])} == set(left)
    assert shop.registry.publications.unsupported("books") == []


@pytest.mark.parametrize("fault", ["cut", "lost"])
def test_a_generated_file_that_is_damaged_turns_its_day_red_and_a_sync_heals_it(
    shop: Shop, fault: str
) -> None:
    slug = f"trays-{fault}"
    shop.take_in(slug, fortnight(30 + len(fault), FIRST), f"{slug}.txt")
    connection = shop.registry.connections.get(slug)
    assert not sync(shop.workspace, [connection]).problems
    whole = shop.lake.partition("transactions", slug, FIRST).read_bytes()
    path = shop.lake.partition("transactions", slug, FIRST)
    path.write_bytes(whole[: len(whole) // 2]) if fault == "cut" else path.unlink()

    outcome = run(shop.instance, "warehouse_job")
    cure = f"run `daybook sync {slug}`"
    assert not outcome.ok
    assert cure in (outcome.problem or "")
    (red,) = [s for s in shop.registry.days.list(slug) if s.state == "failed"]
    assert (red.day, (red.reason or "").endswith(cure)) == (FIRST, True)
    assert shop.checks("transactions", slug)["day_is_computed"] == {"failed": [FIRST]}

    report = sync(shop.workspace, [connection])
    assert (report.problems, report.days) == ([], 1)
    assert path.read_bytes() == whole
    assert shop.checks("transactions", slug)["day_is_computed"] == {}
    assert run(shop.instance, "warehouse_job").ok


def test_a_run_that_is_killed_loses_and_doubles_nothing(shop: Shop) -> None:
    document = shop.take_in("bags", fortnight(6, FIRST))
    path = shop.document("bags", document)
    command = [sys.executable, "-m", "tests.pipelines.killed_run"]
    with subprocess.Popen(
        [*command, "bags", str(FIRST), "6", str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hanging\n"
        left = _wait_for(lambda: list(shop.lake.folder.glob(".tmp-normalise-*")))
        process.kill()
    path.unlink()
    path.with_suffix(".kept").rename(path)
    (left[0] / document / f"business_date={FIRST}").mkdir(parents=True)
    (left[0] / document / f"business_date={FIRST}" / "data_0.parquet").write_bytes(b"PAR1 half")
    assert shop.lake.days("transactions", "bags") == set()
    assert _killed_run_is_failed(shop)

    assert shop.run("data", "bags", FIRST, 6).ok
    for asset in CHAIN:
        assert shop.days(asset, "bags") == {"green": DONE, "red": []}, asset
    assert _sums(shop, "bags") == (11, 11, 0)
    assert shop.run("publish", "bags", FIRST, 6).ok
    entries = {line.entry_id for line in shop.books.posted(["bags"])}
    assert len(entries) == len(DONE)


def _killed_run_is_failed(shop: Shop) -> bool:
    """What the daemon's monitoring asks of a run whose process is gone."""
    (record,) = shop.instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    health = shop.instance.run_launcher.check_run_worker_health(record.dagster_run)
    shop.instance.report_run_failed(record.dagster_run, str(health))
    return health.status is WorkerStatus.FAILED


def _wait_for(list_files: Callable[[], list[Path]]) -> list[Path]:
    deadline = time.monotonic() + 20
    while not (there := list_files()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return there


def _sums(shop: Shop, slug: str) -> tuple[object, ...]:
    files = [str(p) for p in shop.lake.partitions("transactions", slug, DONE)]
    with duckdb.connect() as con:
        row = con.execute(
            "SELECT count(*), count(DISTINCT transaction_id), sum(amount) FROM read_parquet($1)",
            [files],
        ).fetchone()
    assert row is not None
    return row
