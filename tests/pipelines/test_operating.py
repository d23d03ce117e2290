"""What an operator does at the web server, with a real daemon: backfill, mend, cancel, leave."""

import time
from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
import pytest

from connectors.lake.windows import Window
from pipelines.checks import CHAIN
from tests.conftest import Server
from tests.pipelines.daemon import Operator, operator
from tests.pipelines.shop import FIRST, Shop, days_from, fortnight, open_shop

DONE = list(Window(FIRST, FIRST + timedelta(days=6)))
LATER = FIRST + timedelta(days=6)
BAD = [LATER, LATER + timedelta(days=1)]

# The web server warns of itself when it takes a backfill in.
pytestmark = pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`")


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture(scope="module")
def at_work(shop: Shop) -> Iterator[Operator]:
    with operator(shop.instance) as person:
        yield person


def keys(slug: str, days: list[date]) -> list[str]:
    return [f"{slug}|{day}" for day in days]


def test_a_new_file_is_in_the_books_without_anybody_at_the_desk(
    shop: Shop, at_work: Operator
) -> None:
    shop.take_in("rugs", fortnight(20, FIRST), add_key=False)
    deadline = time.monotonic() + 240
    while shop.days("published_journals", "rugs")["green"] != DONE:
        assert time.monotonic() < deadline
        at_work.daemon_turn(sensors=True)
        time.sleep(0.5)
    posted = shop.books.posted(["rugs"])
    assert {line.business_date for line in posted} == set(DONE)
    runs = shop.instance.get_runs(dg.RunsFilter(tags={"connection": "rugs"}))
    assert {(run.job_name, run.tags["days"]) for run in runs} == {
        ("data", f"{FIRST} to {DONE[-1]}"),
        ("publish", f"{FIRST} to {DONE[-1]}"),
    }
    assert len(runs) == 2


def test_thirteen_files_make_three_runs_at_most(shop: Shop, at_work: Operator) -> None:
    for number in range(13):
        start = FIRST + timedelta(days=6 * number)
        shop.take_in("vases", fortnight(100 + number, start), f"vases-{number}.txt", add_key=False)
        if number == 5:
            at_work.daemon_turn(sensors=True)
    last = FIRST + timedelta(days=6 * 13 - 1)
    deadline = time.monotonic() + 240
    while last not in shop.days("published_journals", "vases")["green"]:
        assert time.monotonic() < deadline
        at_work.daemon_turn(sensors=True)
        time.sleep(0.5)
    runs = shop.instance.get_runs(dg.RunsFilter(tags={"connection": "vases"}))
    assert len(runs) <= 3, [(run.job_name, run.tags["days"]) for run in runs]
    assert len({line.business_date for line in shop.books.posted(["vases"])}) == 6 * 13


def test_a_backfill_over_open_days_of_several_stores_succeeds(
    shop: Shop, at_work: Operator
) -> None:
    """Any range ends as what it was: days that no settlement covers are no failures."""
    slugs = ["urns", "jars"]
    for n, slug in enumerate(slugs):
        shop.take_in(slug, fortnight(50 + n, FIRST))
    days = days_from(FIRST - timedelta(days=5), 20)
    started = at_work.backfill(list(CHAIN), [key for slug in slugs for key in keys(slug, days)])
    assert at_work.finish(started) == "COMPLETED_SUCCESS"
    for slug in slugs:
        assert shop.days("daily_journals", slug) == {"green": days, "red": []}
        covered = shop.checks("transactions", slug)["day_is_covered"]
        assert covered == {"succeeded": DONE, "failed": [d for d in days if d not in DONE]}
    tagged = shop.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": started}))
    named = {(run.tags["connection"], run.tags["days"]) for run in tagged}
    assert named == {(slug, f"{days[0]} to {days[-1]}") for slug in slugs}


def test_a_backfill_names_what_failed_and_a_rerun_of_exactly_that_heals(
    shop: Shop, at_work: Operator
) -> None:
    shop.take_in("mugs", fortnight(1, FIRST), "good.txt")
    bad = shop.document("mugs", shop.take_in("mugs", fortnight(2, LATER, days=1), "bad.txt"))
    whole = bad.read_bytes()
    bad.write_bytes(whole[:20])
    started = at_work.backfill(list(CHAIN), keys("mugs", [*DONE, *BAD]))
    assert at_work.finish(started) == "COMPLETED_FAILED"
    for asset in CHAIN:
        assert shop.days(asset, "mugs") == {"green": DONE, "red": BAD}, asset
    assert len(at_work.state(started)["runs"]) == 1, "a window of days is one run"

    bad.write_bytes(whole)
    again = at_work.backfill(list(CHAIN), keys("mugs", BAD))
    assert at_work.finish(again) == "COMPLETED_SUCCESS"
    for asset in CHAIN:
        assert shop.days(asset, "mugs") == {"green": [*DONE, *BAD], "red": []}, asset
    assert shop.books.posted(["mugs"]) == [], "a data backfill never posts"

    posting = at_work.backfill(["published_journals"], keys("mugs", [*DONE, *BAD]))
    assert at_work.finish(posting) == "COMPLETED_SUCCESS"
    assert shop.days("published_journals", "mugs") == {"green": [*DONE, *BAD], "red": []}


def test_a_cancelled_backfill_leaves_whole_days_and_can_be_asked_for_again(
    shop: Shop, at_work: Operator
) -> None:
    slugs = ["hats", "bags"]
    for n, slug in enumerate(slugs):
        shop.take_in(slug, fortnight(10 + n, FIRST))
    partition_keys = [key for slug in slugs for key in keys(slug, DONE)]
    started = at_work.backfill(list(CHAIN), partition_keys)
    while not any(run["status"] == "STARTED" for run in at_work.state(started)["runs"]):
        at_work.daemon_turn()
    at_work.cancel(started)
    assert at_work.finish(started) == "CANCELED"
    tagged = dg.RunsFilter(tags={"dagster/backfill": started})
    deadline = time.monotonic() + 60
    while statuses := {run.status.value for run in shop.instance.get_runs(tagged)}:
        # A worker that was told to stop takes a moment to come to its end.
        if "CANCELING" not in statuses or time.monotonic() > deadline:
            break
        at_work.daemon_turn()
    assert statuses <= {"CANCELED", "SUCCESS"}
    for slug in slugs:
        assert len(shop.lake.days("transactions", slug)) in {0, len(DONE)}
        for asset in CHAIN:
            states = {state for check in shop.checks(asset, slug).values() for state in check}
            assert states <= {"succeeded"}, "no check is left planned, or red"

    assert at_work.finish(at_work.backfill(list(CHAIN), partition_keys)) == "COMPLETED_SUCCESS"
    for slug in slugs:
        assert shop.days("daily_journals", slug) == {"green": DONE, "red": []}
