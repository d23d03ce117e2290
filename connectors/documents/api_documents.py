"""Documents made of a platform's responses: one settlement, or what is not settled yet.

A platform's API gives one settlement in several responses. They are kept together, in the order
they came, one response a line (NDJSON), each with the operation it answers, verbatim. The first
line says what the document is; it holds nothing that differs from one sync to the next, so that the
same responses are the same document.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson

from connectors.documents.source_file import SourceFile
from connectors.errors import BadInput
from connectors.lake.engine import quoted
from connectors.lake.windows import Window

_MARK = '{"daybook":1,'
_MEGABYTE = 2**20
# How a line begins, and what stands between an operation's name and its response.
_OPENS, _JOINS = '{"operation":"', '","answer":'
_LONGEST_NAME = 200
# What a response is kept as: its operation, itself, the end of its line.
_PIECES = 3
# The longest response, and what DuckDB reads at once.
LARGEST = 32 * _MEGABYTE
# The fields in which platforms put a transaction's own number.
_OWN_NUMBERS = {"id", "transactionId", "transaction_id", "entry_id"}


@dataclass
class ApiDocument:
    """A document being put together: one `statement` of a kind, `settlement` or `open`.

    `covers` are the business days that it is complete for. `tag` identifies the settlement's state
    in the platform's list; when the list shows another one, the document is fetched again.
    """

    channel: str
    kind: str
    statement: str
    currency: str
    covers: Window | None = None
    tag: str | None = None
    _lines: list[bytes] = field(default_factory=list)

    def add(self, operation: str, body: bytes) -> None:
        """Add a response's JSON, changed in nothing but the line ends between its tokens."""
        # JSON has no raw line ends within strings, so these stand between tokens only.
        text = body.strip().replace(b"\r", b" ").replace(b"\n", b" ") or b"null"
        self._lines.append(b'{"operation":' + json.dumps(operation).encode() + b',"answer":')
        self._lines.append(text)
        self._lines.append(b"}\n")

    def put(self, operation: str, value: object) -> None:
        """Add part of a response whose other parts differ each time; its numbers are text."""
        try:
            body = orjson.dumps(value)
        except TypeError:
            # A lone surrogate, or an integer above 64 bits.
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            body = text.encode(errors="replace")
        self.add(operation, body)

    def source_file(self) -> SourceFile:
        """Return the document as a file, named by its statement."""
        head = {
            "daybook": 1,
            "channel": self.channel,
            "kind": self.kind,
            "statement": self.statement,
            "currency": self.currency,
            # Detects a document that was cut off between two responses.
            "answers": len(self._lines) // _PIECES,
        }
        if self.covers is not None:
            head |= {"from": self.covers.start.isoformat(), "to": self.covers.end.isoformat()}
        if self.tag is not None:
            head["tag"] = self.tag
        first = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
        name = f"{self.channel}-{self.statement}.ndjson".replace(":", "-").replace("/", "-")
        # Joined once at the end: a large settlement has hundreds of thousands of pieces.
        return SourceFile(name, b"".join([first.encode(), b"\n", *self._lines]))


def read_head(first_line: str) -> Mapping[str, Any] | None:
    """Return the fields of an API document's first line; None for any other file."""
    if not first_line.startswith(_MARK):
        return None
    try:
        fields = json.loads(first_line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def check_count(name: str, text: Path) -> None:
    """Raise `BadInput` for a document whose number of responses differs from its first line."""
    with text.open("rb") as file:
        head = read_head(file.readline(_MEGABYTE).decode(errors="replace"))
        stated = None if head is None else head.get("answers")
        if not isinstance(stated, int):
            return
        # Counted as bytes: a document that was cut off may end within a character.
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_MEGABYTE), b""))
    if lines != stated:
        raise BadInput(
            f"{name}: holds {lines} of its {stated} answers: it is cut off or was edited; import "
            "the whole document"
        )


def is_of(channel: str, head: str) -> bool:
    """Return whether these are the first lines of a document of the channel's answers."""
    fields = read_head(head.partition("\n")[0])
    return fields is not None and fields.get("channel") == channel


def relation(text: Path) -> str:
    """Return SQL for a document, plain or `.zst`: line, operation, answer (JSON as text).

    The first line is the answer to the operation `document`. Lines are split where `ApiDocument`
    joined them: parsing pages of a megabyte as JSON takes ten times their size in memory.
    """
    compression = "zstd" if text.suffix == ".zst" else "none"
    return (
        "SELECT row_number() OVER ()::INTEGER - 1 AS line, "
        f"CASE WHEN cut > 0 THEN said[{len(_OPENS) + 1}:cut - 1] ELSE 'document' END AS operation, "
        f"CASE WHEN cut > 0 THEN said[cut + {len(_JOINS)}:-2] ELSE said END AS answer FROM ("
        f"SELECT said, CASE WHEN starts_with(said, {quoted(_OPENS)}) "
        f"THEN strpos(said[:{_LONGEST_NAME}], {quoted(_JOINS)}) ELSE 0 END AS cut "
        f"FROM read_csv({quoted(str(text))}, columns={{said: 'VARCHAR'}}, auto_detect=false, "
        "header=false, delim='\x01', quote='', escape='', parallel=false, "
        f"max_line_size={LARGEST}, buffer_size={LARGEST}, compression={quoted(compression)}))"
    )


def records(
    con: duckdb.DuckDBPyConnection, relation: str, line_ids: Collection[str]
) -> dict[str, dict[str, str]]:
    """Return the fields of some transactions, by line id; nested objects as JSON.

    A record is the outermost object that has the number for its own. A line id of a kind and a
    number (`order-12`) is the number's.
    """
    # Whole ids are added last, so they win where both forms occur.
    numbers = {line_id.rpartition("-")[2]: line_id for line_id in line_ids}
    numbers |= {line_id: line_id for line_id in line_ids}
    by_line: dict[str, tuple[int, dict[str, str]]] = {}
    for (answer,) in con.execute(f"SELECT answer FROM ({relation}) ORDER BY line").fetchall():
        for depth, record in _objects(json.loads(answer, parse_float=str, parse_int=str)):
            for number in _OWN_NUMBERS & record.keys():
                line_id = numbers.get(str(record[number]).rpartition("/")[2])
                if line_id is not None and (line_id not in by_line or depth < by_line[line_id][0]):
                    by_line[line_id] = depth, _cells(record)
    return {line_id: cells for line_id, (_, cells) in by_line.items()}


def _objects(value: Any, depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    if isinstance(value, dict):
        yield depth, value
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in below:
        yield from _objects(part, depth + 1)


def _cells(record: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        for name, value in record.items()
        if value not in (None, "", [], {})
    }
