"""The SQL macros that read one file's amounts and dates in its dialect."""

import duckdb

from connectors.documents.manifest import Dialect


def define(con: duckdb.DuckDBPyConnection, dialect: Dialect, **variables: object) -> None:
    """Define the macros of a dialect, and set variables that queries over its rows read."""
    for macro in _macros(dialect):
        con.execute(macro)
    set_variables(con, **variables)


def set_variables(con: duckdb.DuckDBPyConnection, **variables: object) -> None:
    """Set variables that queries over a document's rows read."""
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = $1", [value])


def _macros(dialect: Dialect) -> list[str]:
    """Return the SQL that defines `money`, `instant`, `midnight`, `day`, `ordinal` and others."""
    group = "." if dialect.decimal_mark == "," else ","
    plain = f"replace(trim(x), '{group}', '')"
    if dialect.decimal_mark == ",":
        plain = f"replace({plain}, ',', '.')"
    return [
        f"CREATE OR REPLACE TEMP MACRO money(x) AS CAST({plain} AS DECIMAL(19,4))",
        f"CREATE OR REPLACE TEMP MACRO instant(x) AS {_instant(dialect)}",
        # A date alone is its midnight.
        "CREATE OR REPLACE TEMP MACRO midnight(x) AS "
        "instant(CASE WHEN length(x) <= 10 THEN x || ' 00:00:00' ELSE x END)",
        "CREATE OR REPLACE TEMP MACRO day(x) AS "
        f"CAST(strptime(x, '{dialect.date_format}') AS DATE)",
        # `exact` reads 12.34 and `minor` 1234 (times `coin`); both fail instead of rounding.
        "CREATE OR REPLACE TEMP MACRO exact(x) AS CASE WHEN CAST(x AS DECIMAL(19,4)) = "
        "CAST(x AS DECIMAL(28,9)) THEN CAST(x AS DECIMAL(19,4)) "
        "WHEN x IS NULL THEN NULL ELSE error(concat(x, ' is no amount')) END",
        "CREATE OR REPLACE TEMP MACRO minor(x) AS CAST(CAST(x AS DECIMAL(15,0)) "
        "* CAST(getvariable('coin') AS DECIMAL(5,4)) AS DECIMAL(19,4))",
        # The one rounding: to the minor unit, where a platform or a rate gives more digits.
        "CREATE OR REPLACE TEMP MACRO coins(x) AS CASE getvariable('coin') "
        "WHEN 1 THEN CAST(round(x, 0) AS DECIMAL(19,4)) "
        "WHEN 0.001 THEN CAST(round(x, 3) AS DECIMAL(19,4)) "
        "WHEN 0.0001 THEN CAST(round(x, 4) AS DECIMAL(19,4)) "
        "ELSE CAST(round(x, 2) AS DECIMAL(19,4)) END",
        # Orders rows in time where a file has days without times.
        "CREATE OR REPLACE TEMP MACRO ordinal(d, n) AS date_diff('day', DATE '1970-01-01', d)"
        f" * 10000000 {'-' if dialect.newest_first else '+'} n",
    ]


def _instant(dialect: Dialect) -> str:
    """Return SQL for an instant: nineteen characters of local time, then a zone that may change."""
    offsets = dialect.zones or {"": 0}
    stamp = f"strptime(substr(x, 1, 19), '{dialect.date_format}')"
    # The common case without a CASE per row.
    if set(offsets.values()) == {0}:
        return f"{stamp} AT TIME ZONE 'UTC'"
    branches = " ".join(f"WHEN '{zone}' THEN {minutes}" for zone, minutes in offsets.items())
    if "" not in offsets:
        branches += f" WHEN '' THEN {next(iter(offsets.values()))}"
    return (
        f"({stamp} - to_minutes(CASE trim(substr(x, 20)) {branches} ELSE error('zone') END))"
        " AT TIME ZONE 'UTC'"
    )
