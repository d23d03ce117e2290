"""SQL over delimited text: every cell as text, without guessed types or skipped rows."""

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
    # A sheet's empty columns have no name, and DuckDB wants unique ones.
    typed = ", ".join(f"{quoted(c or f'column{i}')}: 'VARCHAR'" for i, c in enumerate(columns))
    mark = quoted('"' if quoting else "")
    options = [
        f"columns={{{typed}}}",
        # DuckDB would guess from the first rows, and be wrong about later ones.
        "auto_detect=false",
        f"delim={quoted(delimiter)}",
        f"quote={mark}",
        f"escape={mark}",
        "header=true",
        f"nullstr=[{', '.join(map(quoted, empty))}]",
        f"compression={quoted('zstd' if text.suffix == '.zst' else 'none')}",
    ]
    if ragged:
        # Cells may contain line ends; a thread that starts within the file can't recognise them.
        options += ["null_padding=true", "parallel=false"]
    if preamble:
        options.append(f"skip={preamble}")
    if longest is not None:
        options.append(f"max_line_size={longest}")
    return f"read_csv({quoted(str(text))}, {', '.join(options)})"
