"""The published file while others use it: readers of the old one, publishers that are killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.warehouse import query
from tests.pipelines.warehouse_lake import Shop, contents, publish

READER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(con.execute("SELECT (SELECT sum(amount) FROM transactions WHERE payout_id IS NULL), "
        "(SELECT sum(net + transfers) FROM sales_daily)").fetchone(), flush=True)
"""

PUBLISHER = """
import sys
from pathlib import Path
from pipelines.warehouse import publish_warehouse
lake, warehouse, rebuild = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "rebuild"
print("ready", flush=True)
while True:
    publish_warehouse(lake, warehouse, [], rebuild=rebuild, threads=2, memory_limit="500MB")
"""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    for number in range(6):
        Shop(tmp_path / "lake").day(number)
    return tmp_path / "lake"


@pytest.fixture
def warehouse(tmp_path: Path, lake: Path) -> Path:
    publish(lake, tmp_path / "warehouse.duckdb")
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def reader(warehouse: Path) -> Iterator[subprocess.Popen[str]]:
    """An analyst who opened the warehouse and leaves it open; a line asks for the sums."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _ask(process: "subprocess.Popen[str]") -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("?\n")
    process.stdin.flush()
    return process.stdout.readline()


def test_who_holds_the_old_file_open_goes_on_seeing_it(
    lake: Path, warehouse: Path, reader: "subprocess.Popen[str]"
) -> None:
    before = _ask(reader)
    for variant in (1, 2, 3):
        Shop(lake).day(3, orders=2, variant=variant)
        publish(lake, warehouse, rebuild=variant == 2)
        assert _ask(reader) == before

    assert "89.2200" in before
    fresh = query(warehouse, "SELECT sum(net + transfers) FROM sales_daily").rows
    assert fresh == [("158.0900",)]


def test_one_process_that_asks_again_sees_the_new_file(lake: Path, warehouse: Path) -> None:
    orders = "SELECT sum(orders) FROM sales_daily"
    assert query(warehouse, orders).rows == [(6,)]

    Shop(lake).day(3, orders=2)
    publish(lake, warehouse)

    assert query(warehouse, orders).rows == [(7,)]


@pytest.mark.parametrize("how", ["rebuild", "follow"])
def test_a_publisher_that_is_killed_leaves_a_whole_file(
    lake: Path, warehouse: Path, how: str
) -> None:
    sound = contents(warehouse)
    for delay in (0.0, 0.02, 0.05, 0.1, 0.15, 0.25):
        with subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(lake), str(warehouse), how],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        assert contents(warehouse) == sound

    publish(lake, warehouse)
    assert {path.name for path in warehouse.parent.iterdir()} == {"lake", "warehouse.duckdb"}


def test_what_a_killed_publisher_left_is_swept(lake: Path, warehouse: Path) -> None:
    leftover = warehouse.with_name(".warehouse.duckdb.new-dead")
    leftover.write_bytes(b"half")
    spill = warehouse.with_name(".warehouse.duckdb.new-dead.spill")
    spill.mkdir()
    (spill / "block").write_bytes(b"half")

    publish(lake, warehouse)

    assert not leftover.exists()
    assert not spill.exists()
