"""`docs/warehouse.md` says what the warehouse is: its grain, keys, columns, and its queries run."""

import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mappings.columns import Table
from pipelines.warehouse import publish_warehouse, query
from pipelines.warehouse.schema import WAREHOUSE_TABLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "warehouse.md").read_text()
SECTIONS = {
    heading: text
    for heading, text in re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M)
}
QUERIES = [
    pytest.param(sql, id=f"{name}-{number}")
    for name, text in SECTIONS.items()
    for number, sql in enumerate(re.findall(r"```sql\n(.*?)```", text, re.S), start=1)
]
# Queries that look for trouble: on sound books they find nothing.
LOOKS_FOR_TROUBLE = (
    "category = 'unclassified'",
    "WHERE coalesce(moved",
    "QUALIFY amount < 2",
    "WHERE NOT closed",
    "state NOT IN ('tied'",
    "WHERE difference <> 0",
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every other day of a month of one small store."""
    folder = tmp_path_factory.mktemp("warehouse")
    sys.path.insert(0, str(ROOT / "tests" / "pipelines"))
    try:
        from tests.pipelines.warehouse_lake import Shop, publication
    finally:
        sys.path.pop(0)
    for number in range(1, 32, 2):
        Shop(folder / "lake").day(number, orders=3, variant=0)
    Shop(folder / "lake").foretell(32)
    Shop(folder / "lake").catalogue()
    for number in (1, 2):
        Shop(folder / "lake").orders(number)
    states = [publication(1), publication(1, 2), publication(3, 1, "held")]
    file = folder / "warehouse.duckdb"
    publish_warehouse(folder / "lake", file, states, threads=2, memory_limit="500MB")
    return file


def test_every_table_has_its_section() -> None:
    assert list(SECTIONS) == [table.name for table in WAREHOUSE_TABLES]


@pytest.mark.parametrize("table", WAREHOUSE_TABLES, ids=lambda table: table.name)
def test_the_page_states_grain_key_and_columns(table: Table) -> None:
    text = SECTIONS[table.name]
    assert f"Grain: {table.grain}." in text
    assert f"Key: `{'`, `'.join(table.key)}`." in text
    rows = re.findall(r"^\| `(\w+)` \| (.*?)(, may be null)? \| (.*?) \|$", text, re.M)
    assert [(name, kind, not null, meaning) for name, kind, null, meaning in rows] == [
        (column.name, column.type, column.required, column.comment) for column in table.columns
    ]


@pytest.mark.parametrize("table", WAREHOUSE_TABLES, ids=lambda table: table.name)
def test_the_file_has_the_columns_that_are_stated(table: Table, warehouse: Path) -> None:
    columns = query(
        warehouse,
        "SELECT column_name, data_type, NOT is_nullable, comment FROM duckdb_columns() "
        f"WHERE database_name = 'warehouse' AND table_name = '{table.name}' "
        "ORDER BY column_index",
    ).rows
    plain = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    assert columns == [
        (c.name, plain.get(c.type, c.type), c.required, c.comment) for c in table.columns
    ]
    key = ", ".join(table.key)
    assert (
        query(warehouse, f"FROM {table.name} SELECT {key} GROUP BY ALL HAVING count(*) > 1").rows
        == []
    )


def test_every_table_has_three_worked_queries() -> None:
    assert len(QUERIES) == 3 * len(WAREHOUSE_TABLES)


@pytest.mark.parametrize("sql", QUERIES)
def test_every_query_of_the_page_runs(sql: str, warehouse: Path) -> None:
    answer = query(warehouse, sql)
    quiet = any(words in sql for words in LOOKS_FOR_TROUBLE)
    assert bool(answer.rows) is not quiet, answer


def test_the_recipe_for_pandas_keeps_amounts_exact(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(warehouse.parent)
    (recipe,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, Any] = {}

    exec(recipe, names)  # noqa: S102 - the page's own words

    names["connection"].close()
    exact = dict(query(warehouse, "SELECT currency, sum(net) FROM sales_daily GROUP BY 1").rows)
    sums = names["frame"].groupby("currency")["net"].sum()
    assert {currency: format(amount, "f") for currency, amount in sums.items()} == exact
    assert all(isinstance(amount, Decimal) for amount in names["frame"]["net"])
    assert "USD" in capsys.readouterr().out
