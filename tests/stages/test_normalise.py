"""Days: what is on them, what is open, and what happens to the good ones when one is bad."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from connectors.lake.windows import Window
from mappings.tables import TRANSACTIONS
from pipelines.stages.normalise import normalise
from pipelines.stages.verification import damaged_days
from sandbox.amazon_files import order, report
from tests.channels.house import ONE_DAY, House, total
from tests.stages.conftest import FIRST, SECOND

SHARED = date(2026, 3, 15)


def day(number: int) -> date:
    return date(2026, 3, number)


def test_a_year_at_once_and_day_by_day_give_the_same_files(house: House) -> None:
    house.normalise(Window(date(2026, 1, 1), date(2027, 1, 1)))
    at_once = house.files()
    for name in at_once:
        house.workspace.lake.drop("transactions", house.slug, date.fromisoformat(name[-10:]))
    assert house.files() == {}
    for one in reversed(list(house.window)):
        house.normalise(Window(one, one + ONE_DAY))
    assert house.files() == at_once


def test_a_day_of_two_settlements_holds_the_lines_of_both(house: House) -> None:
    outcome = house.normalise()
    lines = house.read("transactions", [SHARED])
    assert [(r["settlement_id"], r["amount"]) for r in lines] == [
        ("20000000001", Decimal("30.0000")),
        ("20000000001", Decimal("-4.5000")),
        ("20000000002", Decimal("40.0000")),
        ("20000000002", Decimal("-6.0000")),
    ]
    assert len(outcome.days[SHARED].documents) == 2
    assert outcome.days[SHARED].totals == {"USD": Decimal("59.5000")}


def test_covered_days_have_a_file_open_days_none_and_deposits_their_own(house: House) -> None:
    outcome = house.normalise(Window(date(2026, 2, 27), date(2026, 3, 25)))
    covered = {day(n) for n in range(1, 18)}
    deposits = {day(18), day(21)}
    assert house.workspace.lake.days("transactions", house.slug) == covered | deposits
    assert set(outcome.written) == covered | deposits
    assert set(outcome.open) == {
        date(2026, 2, 27), date(2026, 2, 28), day(19), day(20), day(22), day(23), day(24)
    }  # fmt: skip
    assert not outcome.days[day(10)].rows
    assert house.read("transactions", [day(10)]) == []
    (payout,) = house.read("transactions", [day(18)])
    assert (payout["category"], payout["amount"]) == ("transfer.payout", Decimal("-42.5000"))


def test_an_empty_day_has_the_same_columns_as_any(house: House) -> None:
    house.normalise()
    shapes = set()
    with duckdb.connect() as con:
        for file in house.workspace.lake.partitions("transactions", house.slug, house.window):
            rows = con.execute(f"DESCRIBE SELECT * FROM read_parquet('{file}')").fetchall()
            shapes.add(tuple((name, kind) for name, kind, *_ in rows))
    (shape,) = shapes
    assert [name for name, _ in shape] == list(TRANSACTIONS.names)


def test_lines_stand_in_the_order_of_the_document(empty: House) -> None:
    empty.take(report([row for n in range(300) for row in order(f"111-{n:07}-{n:07}")]))
    empty.normalise()
    rows = [r["row"] for r in empty.read("transactions", [day(3)])]
    assert rows == list(range(2, 602))


def damage(path: Path, content: bytes) -> bytes:
    sound = path.read_bytes()
    path.write_bytes(content)
    return sound


def test_a_damaged_document_fails_its_days_alone_and_heals(house: House) -> None:
    house.normalise()
    sound = house.files()
    second = house.workspace.lake.effective_documents(house.slug)[1]
    path = house.workspace.lake.document_path(house.slug, second.document)
    for broken in (b"", b"nonsense", path.read_bytes()[:-20]):
        unchanged = damage(path, broken)
        damaged = damaged_days(house.store, house.window)
        assert set(damaged) == {day(15), day(16), day(17), day(21)}
        assert all("second.txt" in reason for reason in damaged.values())
        outcome = normalise(house.store, house.window, skip=damaged)
        assert {day(2), day(14), day(18)} <= set(outcome.written)
        assert house.files() == sound
        path.write_bytes(unchanged)
    assert not house.normalise().failed
    assert house.files() == sound


def test_lost_lines_are_found_by_what_was_counted_on_arrival(house: House) -> None:
    house.normalise()
    lines = house.rows()
    second = house.workspace.lake.effective_documents(house.slug)[1]
    damage(house.workspace.lake.document_path(house.slug, second.document), b"")
    outcome = house.normalise()
    assert set(outcome.failed) == {SHARED}
    assert house.rows() == lines


@pytest.mark.parametrize(
    ("field", "value"), [("amount", "25.5100"), ("lines", 3), ("units", 2), ("payouts", 1)]
)
def test_lines_that_are_not_what_arrived_are_not_written(
    house: House, field: str, value: object
) -> None:
    (manifest, _) = house.workspace.lake.effective_documents(house.slug)
    path = house.workspace.lake.document_path(house.slug, manifest.document).with_suffix(".json")
    stored = json.loads(path.read_text())
    stored["days"]["2026-03-02"][field] = value
    path.write_text(json.dumps(stored))
    outcome = house.normalise()
    assert set(outcome.failed) == {day(2)}
    assert "normalised are 2 of 17.0000" in outcome.failed[day(2)]
    assert day(2) not in house.workspace.lake.days("transactions", house.slug)
    assert SHARED in outcome.written


def test_a_line_moved_between_days_behind_our_back_is_found(house: House) -> None:
    """The bytes are sound for the settlement's total and still not what arrived."""
    manifest = house.workspace.lake.effective_documents(house.slug)[0]
    moved = FIRST.replace("2026-03-02 08:00:00", "2026-03-04 08:00:00")
    lake = house.workspace.lake
    forged = manifest.model_copy(update={"document": manifest.document})
    lake.document_path(house.slug, manifest.document).unlink()
    lake.store_document(moved.encode(), forged)
    outcome = house.normalise()
    assert {day(2), day(4)} <= set(outcome.failed)


NORMALISE = textwrap.dedent(
    """
    import sys
    from datetime import date
    from pathlib import Path
    from types import SimpleNamespace
    from connectors.home.settings import Settings
    from connectors.lake.windows import Window
    from mappings.journal.config import MappingConfig
    from pipelines.stages.normalise import normalise
    from pipelines.stages.store import Store
    from pipelines.stages.workspace import Workspace

    settings = Settings(home=Path(sys.argv[1]), database_url=None, threads=1)
    store = SimpleNamespace(slug="store", channel="amazon", timezone="UTC", setup={})
    print("ready", flush=True)
    normalise(
        Store.read(Workspace(settings, None), store, MappingConfig()),
        Window(date(2026, 1, 1), date(2027, 1, 1)),
    )
    """
)


def test_a_killed_run_leaves_no_half_file_and_the_next_one_heals(empty: House) -> None:
    days = [f"2026-03-{n:02} 10:00:00 UTC" for n in range(1, 15)]
    empty.take(report([row for n in range(4000) for row in order(str(n), at=days[n % 14])]))
    scratch = empty.workspace.lake.folder
    for delay in (0.0, 0.1, 0.2, 0.3):
        run = subprocess.Popen(
            [sys.executable, "-c", NORMALISE, str(empty.settings.home)], stdout=subprocess.PIPE
        )
        assert run.stdout is not None
        run.stdout.readline()
        while run.poll() is None and not any(scratch.glob(".tmp-normalise-*")):
            time.sleep(0.002)
        time.sleep(delay)
        if run.poll() is None:
            os.kill(run.pid, signal.SIGKILL)
        run.wait()
        run.stdout.close()
        for day in empty.workspace.lake.days("transactions", "store"):
            assert len(empty.read("transactions", [day])) in {0, 1, 570, 572}
    assert not empty.normalise().failed
    healed = empty.files()
    lines = [row for row in empty.rows() if row["payout_id"] is None]
    assert (len(lines), total(lines)) == (8000, Decimal("68000.0000"))
    empty.normalise()
    assert empty.files() == healed


def test_a_document_of_another_store_is_not_this_ones(house: House) -> None:
    other = House.build(
        house.workspace.registry, house.settings.home, slug="store-two", timezone="Asia/Tokyo"
    )
    other.take(SECOND)
    other.normalise()
    house.normalise()
    assert {row["connection"] for row in other.rows()} == {"store-two"}
    # 12:00 UTC is 21:00 in Tokyo, the same day; the period's end is a day that both cover.
    assert {str(r["business_date"]) for r in other.rows()} == {"2026-03-15", "2026-03-21"}
    assert len(house.rows()) == 8
