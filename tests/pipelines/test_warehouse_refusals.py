"""Rows that must not be published: one line says which, and the old warehouse stays."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.errors import Permanent
from mappings.tables import SETTLEMENTS, TRANSACTIONS
from tests.pipelines.warehouse_lake import Shop, contents, publish


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def published(lake: Path, warehouse: Path) -> Iterator[dict[str, list[tuple[object, ...]]]]:
    """A warehouse that must not change, nor have anything left beside it."""
    Shop(lake).day(1)
    publish(lake, warehouse)
    before = contents(warehouse)
    yield before
    assert contents(warehouse) == before
    assert {path.name for path in warehouse.parent.iterdir()} == {"lake", "warehouse.duckdb"}


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("rebuild", [False, True])
def test_a_transaction_that_stands_twice_is_refused(
    lake: Path, warehouse: Path, rebuild: bool
) -> None:
    shop = Shop(lake)
    rows = shop.transactions(2, orders=1)
    shop.write(TRANSACTIONS, 2, [row | {"transaction_id": "amazon-us:1:0"} for row in rows[:1]])

    with pytest.raises(Permanent, match=r"2 rows have the same transaction_id amazon-us:1:0"):
        publish(lake, warehouse, rebuild=rebuild)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("rebuild", [False, True])
def test_a_settlement_that_stands_in_two_days_is_refused(
    lake: Path, warehouse: Path, rebuild: bool
) -> None:
    shop = Shop(lake)
    shop.day(3)
    (row,) = duckdb.read_parquet(str(shop.path(SETTLEMENTS, 3))).to_arrow_table().to_pylist()
    shop.write(SETTLEMENTS, 3, [row | {"settlement_id": "S0"}])

    with pytest.raises(Permanent, match=r"is unchanged: .*uplicate key"):
        publish(lake, warehouse, rebuild=rebuild)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("rebuild", [False, True])
def test_a_row_in_the_file_of_another_day_is_refused(
    lake: Path, warehouse: Path, rebuild: bool
) -> None:
    shop = Shop(lake)
    shop.write(TRANSACTIONS, 3, shop.transactions(2, orders=1))

    with pytest.raises(Permanent, match=r"another connection or day is in .*2024-01-04"):
        publish(lake, warehouse, rebuild=rebuild)


@pytest.mark.usefixtures("published")
def test_a_file_that_is_not_parquet_leaves_the_warehouse(lake: Path, warehouse: Path) -> None:
    path = Shop(lake).path(TRANSACTIONS, 2)
    path.write_bytes(b"not parquet at all")

    with pytest.raises(Permanent, match=r"2024-01-03\.parquet"):
        publish(lake, warehouse)
