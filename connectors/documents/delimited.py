"""SQL over delimited text: every cell as it stands, no type guessed and no row left out."""

import csv
from collections.abc import Sequence
from pathlib import Path

from connectors.lake.engine import quoted


def identifier(column: str) -> str:
    """Return a column name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def column_names(header: str) -> tuple[str, ...]:
    """Return the names in a header line with commas, without the blanks around them."""
    return tuple(name.strip() for name in next(csv.reader([header.rstrip("\r\n")]), []))


def text_rows(
    text: Path,
    columns: Sequence[str],
    *,
    delimiter: str = ",",
    quoting: bool = True,
    empty: Sequence[str] = ("",),
    ragged: bool = False,
    preamble: int = 0,
    longest: int | None = None,
) -> str:
    """Return the table function that reads a file's rows as text, `text` being plain or `.zst`.

    `empty` are the cells that stand for nothing. Rows of a `ragged` file may lack cells at their
    end. `preamble` lines stand above the header. `longest` is in bytes a line.
    """
    # A sheet's empty columns have no name, and no two may have the same.
    typed = ", ".join(f"{quoted(c or f'column{i}')}: 'VARCHAR'" for i, c in enumerate(columns))
    mark = quoted('"' if quoting else "")
    options = [
        f"columns={{{typed}}}",
        # What DuckDB guesses from the first rows may be wrong for the last.
        "auto_detect=false",
        f"delim={quoted(delimiter)}",
        f"quote={mark}",
        f"escape={mark}",
        "header=true",
        f"nullstr=[{', '.join(map(quoted, empty))}]",
        f"compression={quoted('zstd' if text.suffix == '.zst' else 'none')}",
    ]
    if ragged:
        # Cells may hold line ends, which threads that begin in the middle of a file cannot tell.
        options += ["null_padding=true", "parallel=false"]
    if preamble:
        options.append(f"skip={preamble}")
    if longest is not None:
        options.append(f"max_line_size={longest}")
    return f"read_csv({quoted(str(text))}, {', '.join(options)})"
