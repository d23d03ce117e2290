"""Lines of journals as the books hold them: a closed day's stay, whatever a journal says by now."""

from collections.abc import Sequence
from typing import Final

import duckdb

from connectors.accounting.beancount.books import Books
from connectors.database.registry import Connection
from mappings.model import PostedLine, day_of
from pipelines.stages.corrected_books import hash_of, standing
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace

_COLUMNS: Final = (
    *("entry_id", "connection", "business_date", "currency", "part", "account", "category"),
    *("settlement_id", "amount", "content_hash"),
)
_TABLE: Final = """
CREATE OR REPLACE TEMP TABLE booked_otherwise (
    original VARCHAR, line INTEGER, entry_id VARCHAR, connection VARCHAR, business_date DATE,
    currency VARCHAR, part VARCHAR, account VARCHAR, category VARCHAR, settlement_id VARCHAR,
    amount DECIMAL(19,4), content_hash VARCHAR
)
"""
_BOOKED: Final = """(
    SELECT * FROM {journals} WHERE entry_id NOT IN (SELECT original FROM booked_otherwise)
    UNION ALL BY NAME
    SELECT * EXCLUDE (original), NULL::VARCHAR AS tax_code, 0 AS transactions FROM booked_otherwise
)"""


def booked_lines(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, stores: Sequence[Connection]
) -> str | None:
    """Return a relation of all lines of some stores' journals; None without any.

    Entries that were corrected, or that the books hold otherwise, have the lines of the books.
    """
    lake = workspace.lake
    files = [
        file
        for store in stores
        for file in lake.partitions(
            "journal_lines", store.slug, lake.days("journal_lines", store.slug)
        )
    ]
    if not files:
        return None
    journals = scan(files, by_name=True)
    rows = con.execute(f"SELECT DISTINCT entry_id, content_hash FROM {journals}").fetchall()
    hashes = dict(rows)
    posted = Books(workspace.settings.books_folder).posted([store.slug for store in stores])
    otherwise = {
        entry_id: lines
        for entry_id, lines in standing(posted).items()
        if hash_of(lines) != hashes.get(entry_id) or not _is_in_place(entry_id, lines)
    }
    con.execute(_TABLE)
    for entry_id, lines in otherwise.items():
        columns = [[getattr(line, name) for line in lines] for name in _COLUMNS]
        numbers = list(range(1, len(lines) + 1))
        originals = [entry_id] * len(lines)
        listed = ", ".join(f"unnest(${n})" for n in range(1, len(_COLUMNS) + 3))
        con.execute(
            f"INSERT INTO booked_otherwise (original, line, {', '.join(_COLUMNS)}) SELECT {listed}",
            [originals, numbers, *columns],
        )
    return _BOOKED.format(journals=journals)


def _is_in_place(entry_id: str, lines: Sequence[PostedLine]) -> bool:
    day = day_of(entry_id)
    return all(line.entry_id == entry_id and line.business_date == day for line in lines)
