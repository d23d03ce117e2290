"""Columns and tables of the lake and the warehouse: a grain, a key, and what each column means."""

from collections.abc import Collection
from dataclasses import dataclass

# Four digits hold every ISO 4217 minor unit, and 15 before the mark every sum of a large seller.
MONEY = "DECIMAL(19,4)"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its DuckDB type and what it means."""

    name: str
    type: str
    comment: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake; `day_column` names the column that places a row in a day's file."""

    name: str
    grain: str
    key: tuple[str, ...]
    day_column: str
    columns: tuple[Column, ...]

    def select_list(self, source: str = "", omit: Collection[str] = ()) -> str:
        """Return SQL for every column but those in `omit`, cast and in order.

        The last SELECT of a writer.
        """
        prefix = f"{source}." if source else ""
        return ", ".join(
            # Cast every column: DuckDB would infer narrower types from a day's data, and files of
            # one table would differ.
            f"CAST({prefix}{c.name} AS {c.type}) AS {c.name}"
            for c in self.columns
            if c.name not in omit
        )

    def read_sql(self, parquet: str) -> str:
        """Return SQL that reads `read_parquet(...)`; columns that a file lacks are null."""
        # Changes are additive: a file of an earlier release has fewer columns.
        empty = ", ".join(f"CAST(NULL AS {c.type}) AS {c.name}" for c in self.columns)
        return f"(FROM {parquet} UNION ALL BY NAME (SELECT {empty} LIMIT 0))"

    @property
    def names(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(c.name for c in self.columns)


def required(name: str, kind: str, comment: str) -> Column:
    """Return a column that holds no null."""
    return Column(name, kind, comment, required=True)
