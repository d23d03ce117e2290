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

from connectors.lake.windows import Window
from tests.channels.amazon_files import line
from tests.conftest import Server
from tests.pipelines.shop import CHAIN, FIRST, Shop, fortnight, open_shop

# The settlement covers five days and is paid on the sixth; the other days of the week are open.
COVERED = [FIRST + timedelta(days=n) for n in range(5)]
PAID = FIRST + timedelta(days=5)
DONE = [*COVERED, PAID]


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def test_days_are_green_and_days_without_a_settlement_have_no_state(shop: Shop) -> None:
    shop.take_in("mugs", fortnight(1, FIRST))
    outcome = shop.run("data", "mugs", FIRST - timedelta(days=1), 9)
    assert outcome.ok, outcome.problem
    for asset in CHAIN:
        assert shop.days(asset, "mugs") == {"green": DONE, "red": []}, asset
    states = {s.day: (s.state, s.reason) for s in shop.registry.days.list("mugs")}
    assert states[FIRST] == ("done", None)
    assert states[FIRST - timedelta(days=1)] == ("open", "no settlement covers this day yet")


def test_every_check_of_a_day_is_shown(shop: Shop) -> None:
    shop.take_in("mugs", fortnight(1, FIRST))
    assert shop.run("data", "mugs", FIRST, 7).ok
    assert shop.checks("raw_settlements", "mugs") == {
        "documents_are_as_stored": {"succeeded": DONE}
    }
    assert shop.checks("normalized_transactions", "mugs") == {
        "lines_are_conserved": {"succeeded": DONE},
        "transaction_keys_are_unique": {"succeeded": DONE},
        "every_line_is_classified": {"succeeded": DONE},
    }
    # Only the day on which a settlement closes says something of it.
    assert shop.checks("settlements", "mugs") == {
        "settlement_ties_to_declared_total": {"succeeded": [PAID]},
        "reserve_is_released_in_full": {},
    }
    assert shop.checks("daily_journals", "mugs") == {
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
    for asset in CHAIN:
        assert shop.days(asset, "lamps") == {"green": DONE, "red": red}, asset
    assert shop.checks("raw_settlements", "lamps") == {
        "documents_are_as_stored": {"succeeded": DONE, "failed": red}
    }
    assert shop.days("daily_journals", "mugs")["red"] == []

    path.write_bytes(whole)
    one = red[2]
    assert shop.run("data", "lamps", one, 1).ok
    for asset in CHAIN:
        shown = shop.days(asset, "lamps")
        assert shown == {"green": sorted([*DONE, one]), "red": [d for d in red if d != one]}, asset
    assert shop.run("data", "lamps", red[0], 6).ok
    for asset in CHAIN:
        assert shop.days(asset, "lamps") == {"green": [*DONE, *red], "red": []}, asset
    assert shop.checks("settlements", "lamps") == {
        "settlement_ties_to_declared_total": {"succeeded": [PAID, red[-1]]},
        "reserve_is_released_in_full": {},
    }


def test_an_unknown_word_is_a_warning_that_holds_its_own_entry_only(shop: Shop) -> None:
    strange = line(
        "ServiceFee", "Drone Delivery", "Landing fee", "-4.20", at=f"{FIRST} 09:00:00 UTC"
    )
    shop.take_in("drones", fortnight(4, FIRST, further=[strange]))
    assert shop.run("data", "drones", FIRST, 6).ok
    assert shop.days("daily_journals", "drones") == {"green": DONE, "red": []}
    classified = shop.checks("normalized_transactions", "drones")["every_line_is_classified"]
    assert classified == {"failed": [FIRST], "succeeded": DONE[1:]}

    assert shop.books.posted(["drones"]) == [], "a data run never posts"
    assert shop.run("publish", "drones", FIRST, 6).ok
    assert shop.days("published_journals", "drones") == {"green": DONE[1:], "red": []}
    held = shop.registry.publications.list("books", ["drones"], states=["held"])
    assert [p.business_date for p in held] == [FIRST]
    assert {posted.business_date for posted in shop.books.posted(["drones"])} == set(DONE[1:])


def test_publishing_reads_back_and_bean_check_agrees(shop: Shop) -> None:
    shop.take_in("mugs", fortnight(1, FIRST))
    assert shop.run("data", "mugs", FIRST, 7).ok
    assert shop.run("publish", "mugs", FIRST, 7).ok
    assert shop.days("published_journals", "mugs") == {"green": DONE, "red": []}
    assert shop.checks("published_journals", "mugs")["books_hold_the_entries"] == {
        "succeeded": DONE
    }
    before = {p: p.read_bytes() for p in shop.settings.books_folder.rglob("*.beancount")}
    assert shop.run("data", "mugs", FIRST, 7).ok
    assert shop.run("publish", "mugs", FIRST, 7).ok
    assert {p: p.read_bytes() for p in before} == before
    latest = shop.instance.event_log_storage.get_asset_check_execution_history(
        check_key=dg.AssetCheckKey(dg.AssetKey("published_journals"), "bean_check_passes"), limit=1
    )
    assert latest[0].status.value == "SUCCEEDED"


def test_a_store_that_needs_its_owner_fails_what_cannot_be_fetched_and_nobody_else(
    shop: Shop,
) -> None:
    for number, slug in ((70, "locked"), (71, "open")):
        shop.take_in(slug, fortnight(number, FIRST), f"{slug}.txt")
    registry = shop.registry
    registry.connections.set_state("locked", "needs_reauth", "test", "the keys were taken back")
    refused, fine = (shop.run("data", slug, FIRST, 8) for slug in ("locked", "open"))
    assert (refused.ok, fine.ok) == (False, True)
    assert "the keys were taken back: connect locked again" in (refused.problem or "")
    days = shop.days("daily_journals", "locked")
    assert days["green"] == list(Window(FIRST, FIRST + timedelta(days=6)))
    assert days["red"] == list(Window(FIRST + timedelta(days=6), FIRST + timedelta(days=8)))
    assert shop.days("daily_journals", "open")["red"] == []


def test_days_that_a_restatement_no_longer_covers_lose_their_state(shop: Shop) -> None:
    shop.take_in("hats", fortnight(5, FIRST), "first.txt")
    assert shop.run("data", "hats", FIRST, 6).ok
    assert shop.run("publish", "hats", FIRST, 6).ok
    shop.take_in("hats", fortnight(5, FIRST, days=3), "restated.txt")
    assert shop.run("data", "hats", FIRST, 6).ok
    left = DONE[:4]
    for asset in CHAIN:
        assert shop.days(asset, "hats") == {"green": left, "red": []}, asset
    unsupported = shop.registry.publications.unsupported("books")
    assert {p.business_date for p in unsupported} == set(DONE[4:])
    assert shop.run("publish", "hats", FIRST, 6).ok
    assert shop.days("published_journals", "hats") == {"green": left, "red": []}
    assert {posted.business_date for posted in shop.books.posted(["hats"])} == set(left)
    assert shop.registry.publications.unsupported("books") == []


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


def _wait_for(found: Callable[[], list[Path]]) -> list[Path]:
    deadline = time.monotonic() + 20
    while not (there := found()):
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
