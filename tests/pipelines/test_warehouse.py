"""Publishing the warehouse: what the tables and marts hold, and that following is rebuilding."""

import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.tables import JOURNAL_LINES, TRANSACTIONS
from pipelines.warehouse import publish_warehouse, query
from pipelines.warehouse.schema import PUBLICATIONS, WAREHOUSE_TABLES
from tests.pipelines.warehouse_lake import FIRST, Shop, contents, publication, publish


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


def test_a_lake_that_is_not_there_gives_empty_tables(lake: Path, warehouse: Path) -> None:
    report = publish(lake, warehouse)

    assert report.partitions_total == 0
    assert report.rebuilt
    assert report.reason == "there was no warehouse"
    assert report.rows == {table.name: 0 for table in WAREHOUSE_TABLES}


def test_a_settlement_of_one_day_ties_from_declared_to_paid(lake: Path, warehouse: Path) -> None:
    Shop(lake).day(1, orders=2)

    publish(lake, warehouse)

    answer = query(warehouse, "FROM settlement_reconciliation")
    (row,) = [dict(zip(answer.columns, values, strict=True)) for values in answer.rows]
    assert row == {
        "connection": "amazon-us",
        "settlement_id": "S0",
        "currency": "USD",
        "declared_total": "29.7400",
        "raw_total": "29.7400",
        "normalised_total": "29.7400",
        "journalled_total": "29.7400",
        "payout_amount": "29.7400",
        "difference": "0.0000",
        "lines": 18,
        "state": "tied",
    }


def test_the_day_of_a_store_in_one_row(lake: Path, warehouse: Path) -> None:
    Shop(lake).day(1, orders=2)

    publish(lake, warehouse)

    answer = query(warehouse, "FROM sales_daily")
    (row,) = [dict(zip(answer.columns, values, strict=True)) for values in answer.rows]
    assert row["gross_sales"] == "40.0000"
    assert row["shipping"] == "9.9800"
    assert row["marketplace_tax"] == "0.0000"
    assert row["fees"] == "-6.0000"
    assert row["advertising"] == "-0.7400"
    assert row["refunds"] == "-10.0000"
    assert row["other"] == "-5.0000"
    assert row["net"] == "28.2400"
    assert row["transfers"] == "1.5000"
    assert (row["orders"], row["units"]) == (2, 4)


def test_marts_agree_with_each_other_and_with_the_books(lake: Path, warehouse: Path) -> None:
    for connection, currency in (("amazon-us", "USD"), ("amazon-de", "EUR")):
        for number in range(5):
            Shop(lake, connection, currency).day(number, orders=number, variant=number)

    publish(lake, warehouse)

    measures = (
        "gross_sales + shipping + other_income + discounts + refunds + seller_tax "
        "+ marketplace_tax + fees + advertising + reimbursements + other"
    )
    assert query(warehouse, f"FROM sales_daily WHERE net <> {measures}").rows == []
    of_days = "SELECT connection, currency, {} FROM {} GROUP BY ALL ORDER BY ALL"
    charged = query(warehouse, of_days.format("sum(fees + advertising)", "sales_daily")).rows
    assert charged == query(warehouse, of_days.format("sum(amount)", "fees_by_category")).rows
    cleared = of_days.format("sum(amount)", "journal_lines WHERE category = 'clearing'")
    moved = of_days.format("sum(net + transfers)", "sales_daily")
    assert query(warehouse, moved).rows == query(warehouse, cleared).rows


def test_the_tax_summary_ties_to_the_journal(lake: Path, warehouse: Path) -> None:
    for connection, currency in (("amazon-us", "USD"), ("amazon-de", "EUR")):
        for number in (1, 20, 40):
            Shop(lake, connection, currency).day(number, orders=2, variant=number)

    publish(lake, warehouse)

    by_month = "SELECT connection, {0} AS month, currency, {1} FROM {2} GROUP BY ALL ORDER BY ALL"
    month = "date_trunc('month', business_date)::DATE"
    summed = by_month.format("month", "sum(gross - deductible - withheld)", "tax_summary")
    lines = "journal_lines WHERE tax_treatment <> 'outside'"
    journalled = query(warehouse, by_month.format(month, "-sum(amount)", lines)).rows
    assert len(journalled) == 4
    assert query(warehouse, summed).rows == journalled
    treatments = query(
        warehouse,
        "SELECT tax_treatment, tax_region, tax_rate, remitted_by, net, tax, gross, deductible, "
        "withheld "
        "FROM tax_summary WHERE connection = 'amazon-us' AND month = '2024-02-01' ORDER BY ALL",
    ).rows
    assert [" ".join((row[0], *map(str, row[1:]))) for row in treatments] == [
        "fees.local  20.0000 none 74.0000 0.0000 74.0000 0.0000 0.0000",
        "uk.standard  20.0000 seller 188.0000 2.0000 190.0000 0.0000 0.0000",
        "us.marketplace WA 0.0000 marketplace 89.9800 83.3000 173.2800 0.0000 -76.7000",
    ]


def test_a_journal_of_an_earlier_release_is_read_with_what_it_lacks_empty(
    lake: Path, warehouse: Path
) -> None:
    shop = Shop(lake)
    for number in (1, 2):
        shop.day(number)
    path = shop.path(JOURNAL_LINES, 1)
    fewer = pq.read_table(path).drop_columns(["tax_treatment", "tax_amount"])
    pq.write_table(fewer, path)

    publish(lake, warehouse)

    counted = "SELECT count(*), count(tax_treatment) FROM journal_lines"
    assert query(warehouse, counted).rows == [(24, 12)]


def test_a_changed_day_changes_that_day_only(lake: Path, warehouse: Path) -> None:
    shop = Shop(lake)
    for number in range(4):
        shop.day(number)
    publish(lake, warehouse)

    shop.write(TRANSACTIONS, 2, shop.transactions(2, orders=3))
    report = publish(lake, warehouse)

    assert (report.changed, report.removed, report.rebuilt) == (1, 0, False)
    sales = query(warehouse, "SELECT business_date, gross_sales FROM sales_daily ORDER BY 1").rows
    assert [amount for _, amount in sales] == ["20.0000", "20.0000", "60.0000", "20.0000"]
    states = query(warehouse, "SELECT settlement_id, state FROM settlement_reconciliation").rows
    assert ("S1", "different") in states


def test_nothing_changed_is_applied_as_nothing(lake: Path, warehouse: Path) -> None:
    Shop(lake).day(1)
    publish(lake, warehouse)
    before = contents(warehouse)

    report = publish(lake, warehouse)

    assert (report.changed, report.removed, report.rebuilt) == (0, 0, False)
    assert contents(warehouse) == before


def test_days_without_lines_and_temporary_files_add_nothing(lake: Path, warehouse: Path) -> None:
    shop = Shop(lake)
    shop.day(0, orders=0)
    (shop.path(TRANSACTIONS, 0).parent / ".tmp-2024-01-02.parquet").write_bytes(b"half a fi")
    (shop.path(TRANSACTIONS, 0).parent / "notes.txt").write_text("mine")

    report = publish(lake, warehouse)

    assert report.partitions_total == 3
    assert sum(report.rows.values()) == 0


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["amazon-us", "amazon-de"]),
        st.integers(0, 3),
        st.sampled_from(["remove", "write", "transactions only", "foretell"]),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(MOVES, min_size=1, max_size=4))
def test_any_sequence_of_changes_ends_where_a_rebuild_ends(
    tmp_path: Path, steps: list[list[tuple[str, int, str, int, int]]]
) -> None:
    shutil.rmtree(tmp_path, ignore_errors=True)
    lake, followed, rebuilt = tmp_path / "lake", tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    for moves in steps:
        for connection, number, what, orders, variant in moves:
            shop = Shop(lake, connection)
            if what == "remove":
                shop.remove(number)
            elif what == "write":
                shop.day(number, orders, variant)
            elif what == "foretell":
                shop.foretell(number, variant)
            else:
                shop.write(TRANSACTIONS, number, shop.transactions(number, orders, variant))
        publish(lake, followed)

    assert publish(lake, rebuilt, rebuild=True).reason == "asked for"
    assert contents(followed) == contents(rebuilt)


def test_what_is_foretold_is_in_no_figure_of_the_books(lake: Path, warehouse: Path) -> None:
    Shop(lake).day(1)
    publish(lake, warehouse)
    before = contents(warehouse)

    Shop(lake).foretell(3)
    publish(lake, warehouse)

    after = contents(warehouse)
    assert len(after.pop("provisional_transactions")) == 9
    assert after.items() <= before.items()


def test_publications_are_what_the_registry_says_now(lake: Path, warehouse: Path) -> None:
    rows = [publication(0, 1, "superseded"), publication(0, 2), publication(1)]
    for given_rows in ([publication(5)], rows):
        publish_warehouse(lake, warehouse, given_rows, threads=1, memory_limit="500MB")

    answer = query(warehouse, "SELECT revision, state FROM publications ORDER BY 1, 2").rows
    assert answer == [(1, "posted"), (1, "superseded"), (2, "posted")]
    assert query(warehouse, "FROM publications").columns == PUBLICATIONS.names


@pytest.mark.parametrize("content", [b"", b"not a database", b"\0" * 50_000])
def test_a_file_that_is_no_warehouse_is_rebuilt(
    lake: Path, warehouse: Path, content: bytes
) -> None:
    Shop(lake).day(1)
    warehouse.write_bytes(content)

    report = publish(lake, warehouse)

    assert report.rebuilt
    assert report.reason is not None
    assert query(warehouse, "SELECT count(*) FROM transactions").rows == [(10,)]


def test_a_warehouse_with_a_rotten_block_is_rebuilt(lake: Path, warehouse: Path) -> None:
    shop = Shop(lake)
    for number in range(3):
        shop.day(number)
    publish(lake, warehouse)
    sound = contents(warehouse)
    rotten = bytearray(warehouse.read_bytes())
    for offset in range(3 * 4096 + 100, len(rotten), 4096):
        rotten[offset : offset + 64] = b"\xff" * 64
    warehouse.write_bytes(rotten)

    assert publish(lake, warehouse).rebuilt
    assert contents(warehouse) == sound


def test_a_warehouse_of_an_older_version_is_rebuilt(lake: Path, warehouse: Path) -> None:
    Shop(lake).day(1)
    publish(lake, warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("UPDATE _warehouse SET schema_hash = 'older'")

    assert publish(lake, warehouse).reason == "the old file was made by another version"


def test_another_program_s_duckdb_file_is_rebuilt(lake: Path, warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as con:
        con.execute("CREATE TABLE mine AS SELECT 42 AS answer")

    assert publish(lake, warehouse).reason == "the old file was made by another version"


def test_every_table_says_what_it_holds(lake: Path, warehouse: Path) -> None:
    publish(lake, warehouse)

    tables = query(
        warehouse,
        "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL "
        "AND table_name <> '_warehouse' AND NOT temporary",
    )
    columns = query(
        warehouse,
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE comment IS NULL AND database_name = 'warehouse' AND table_name[1] <> '_' "
        "AND NOT internal",
    )
    assert (tables.rows, columns.rows) == ([], [])


def test_amounts_keep_every_cent(lake: Path, warehouse: Path) -> None:
    shop = Shop(lake)
    rows = shop.transactions(0, orders=1)[:1]
    shop.write(TRANSACTIONS, 0, [rows[0] | {"amount": Decimal("123456789012345.6789")}])

    publish(lake, warehouse)

    assert query(warehouse, "SELECT amount, business_date, posted_at FROM transactions").rows == [
        ("123456789012345.6789", FIRST.isoformat(), "2024-01-01T09:00:00+00:00")
    ]
