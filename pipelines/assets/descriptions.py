"""Descriptions of the assets: owner, code version, and the columns of their tables."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import dagster as dg

from mappings.columns import Table

OWNERS: Final = ("team:bookkeeping",)
_RULES: Final = (".sql", ".csv", ".yaml")


def column_schema(table: Table) -> Mapping[str, Any]:
    """Return a table's columns as metadata of an asset: names, DuckDB types, meanings."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.comment,
            dg.TableColumnConstraints(nullable=not column.required),
        )
        for column in table.columns
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns),
        "grain": table.grain,
        "key": ", ".join(table.key),
    }


@cache
def rules_version() -> str:
    """Return twelve digits over every rule that decides what is booked: SQL, CSV and YAML."""
    digest = hashlib.sha256()
    for file in _rules(files("mappings")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _rules(folder: Traversable) -> Iterable[Traversable]:
    # File systems list in any order, and the digest must not depend on it.
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _rules(entry)
        elif entry.name.endswith(_RULES):
            yield entry
