"""`daybook sql`: what a question may reach, and how its answer looks."""

import json
from pathlib import Path

import pytest

from connectors.errors import BadInput
from pipelines.warehouse import query
from tests.pipelines.warehouse_lake import Shop, publish


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    Shop(tmp_path / "lake").day(1)
    publish(tmp_path / "lake", tmp_path / "warehouse.duckdb")
    return tmp_path / "warehouse.duckdb"


def test_without_a_warehouse_the_answer_is_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"^the warehouse has not been built yet: run `daybook sync`$"
    ):
        query(tmp_path / "warehouse.duckdb", "SELECT 1")


def test_a_broken_file_is_said_to_be_one(tmp_path: Path) -> None:
    broken = tmp_path / "warehouse.duckdb"
    broken.write_bytes(b"not a database" * 1000)
    with pytest.raises(BadInput, match=r"cannot be opened; `daybook sync` rebuilds it"):
        query(broken, "SELECT 1")


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_csv('{home}/secret.csv')",
        "FROM read_text('{home}/secret.csv')",
        "FROM '{home}/secret.csv'",
        "FROM glob('{home}/*')",
        "COPY transactions TO '{home}/out.csv'",
        "EXPORT DATABASE '{home}/out'",
        "ATTACH '{home}/out.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 64",
        "RESET lock_configuration",
        "CREATE TABLE mine AS SELECT 1",
        "DELETE FROM transactions",
        "DROP TABLE transactions",
        "UPDATE settlements SET closed = false",
        "FROM warehouse_file",
    ],
)
def test_nothing_is_written_and_nothing_else_is_read(warehouse: Path, sql: str) -> None:
    home = warehouse.parent
    (home / "secret.csv").write_text("key\nhunter2\n")
    before = warehouse.read_bytes()

    with pytest.raises(BadInput) as refusal:
        query(warehouse, sql.format(home=home))

    assert "\n" not in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
    assert warehouse.read_bytes() == before
    assert {p.name for p in home.iterdir()} == {"lake", "secret.csv", "warehouse.duckdb"}


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT nothing FROM transactions", "nothing"),
        ("SELECT 1; SELECT 2", "one statement at a time: this is 2"),
        ("", "one statement at a time: this is 0"),
        ("-- only a remark", "one statement at a time: this is 0"),
        ("SELECT CAST('a' AS INTEGER)", "Could not convert"),
        ("SELECT $name", "name"),
    ],
)
def test_a_question_that_is_wrong_gets_one_line(warehouse: Path, sql: str, message: str) -> None:
    with pytest.raises(BadInput, match=message) as refusal:
        query(warehouse, sql)
    assert "\n" not in str(refusal.value)


def test_values_are_exact_and_fit_into_json(warehouse: Path) -> None:
    answer = query(
        warehouse,
        "SELECT '0.0000001'::DECIMAL(9,7) AS tiny, "
        "170141183460469231731687303715884105727::HUGEINT AS huge, "
        "DATE '2024-02-29' AS day, TIMESTAMPTZ '2024-01-01 02:00+02' AS at, "
        "{'a': [1.5::DECIMAL(9,2), NULL]} AS nested, 'nan'::DOUBLE AS nan, true AS yes, "
        "INTERVAL 90 MINUTE AS span, '\\xAB'::BLOB AS bytes, 1 AS a, 2 AS a",
    )
    assert answer.columns[-2:] == ("a", "a_1")
    (row,) = answer.rows
    assert json.loads(json.dumps(dict(zip(answer.columns, row, strict=True)))) == {
        "tiny": "0.0000001",
        "huge": 170141183460469231731687303715884105727,
        "day": "2024-02-29",
        "at": "2024-01-01T00:00:00+00:00",
        "nested": {"a": ["1.50", None]},
        "nan": "nan",
        "yes": True,
        "span": "1:30:00",
        "bytes": "ab",
        "a": 1,
        "a_1": 2,
    }


def test_a_question_larger_than_memory_spills_and_cleans_up(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "SELECT count(*) FROM "
        "(SELECT DISTINCT md5(CAST(range AS VARCHAR)) AS digest, range "
        "FROM range(2000000) ORDER BY digest)",
        memory_limit="60MB",
    ).rows
    assert rows == [(2000000,)]
    assert {p.name for p in warehouse.parent.iterdir()} == {"lake", "warehouse.duckdb"}
