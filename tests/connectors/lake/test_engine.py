"""Engines that are used again: quick to have, and with nothing in them of whoever was first."""

from pathlib import Path

import duckdb
import pytest

from connectors.lake.engine import ENGINES, EngineKind, open_engine

KIND = EngineKind(threads=1, memory_limit="61MB")


def test_an_engine_is_lent_again_and_nothing_of_its_last_use_is_left(tmp_path: Path) -> None:
    engine = ENGINES.take(KIND, tmp_path / "first")
    ENGINES.give_back(KIND, engine)
    bounds = {"threads": KIND.threads, "memory_limit": KIND.memory_limit}
    with open_engine(**bounds, spill=tmp_path / "second") as con:
        con.execute("CREATE TEMP TABLE document_rows AS SELECT 1 AS row")
        con.execute("CREATE TEMP MACRO money(x) AS x")
        con.execute("SET TimeZone = 'Asia/Tokyo'")
    with open_engine(**bounds, spill=tmp_path / "third") as con:
        with pytest.raises(duckdb.CatalogException):
            con.execute("FROM document_rows")
        with pytest.raises(duckdb.CatalogException):
            con.execute("SELECT money(1)")
        settings = "SELECT current_setting('TimeZone'), current_setting('temp_directory')"
        assert con.execute(settings).fetchone() == ("UTC", str(tmp_path / "third"))
    again = ENGINES.take(KIND, tmp_path / "fourth")
    assert again is engine
    again.close()


def test_nobody_shares_an_engine(tmp_path: Path) -> None:
    bounds = {"threads": 1, "memory_limit": "62MB"}
    with (
        open_engine(**bounds, spill=tmp_path / "one") as first,
        open_engine(**bounds, spill=tmp_path / "other") as second,
    ):
        folders = [
            con.execute("SELECT current_setting('temp_directory')").fetchone()
            for con in (first, second)
        ]
    assert folders == [(str(tmp_path / "one"),), (str(tmp_path / "other"),)]


def test_an_engine_that_spilled_is_not_kept_nor_its_files(tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    rows = "SELECT i, md5(i::VARCHAR) AS digest FROM range(3_000_000) AS numbers(i)"
    with open_engine(threads=1, memory_limit="63MB", spill=spill) as con:
        con.execute(f"CREATE TEMP TABLE numbers AS {rows}")
        assert any(spill.iterdir())
    assert not spill.exists()


def test_an_engine_that_is_broken_is_not_lent(tmp_path: Path) -> None:
    engine = ENGINES.take(KIND, tmp_path / "first")
    ENGINES.give_back(KIND, engine)
    engine.close()
    with ENGINES.take(KIND, tmp_path / "second") as another:
        assert another.execute("SELECT 1").fetchone() == (1,)
