"""What comes in is bounded: nothing that is no file, nothing packed to burst, in little memory."""

import bz2
import gzip
import io
import os
import socket
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from connectors.channels import CHANNELS
from connectors.documents import archives, ingest, spreadsheets, tables
from connectors.documents.archives import plain_name, source_files
from connectors.documents.encodings import write_decoded
from connectors.documents.manifest import Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import BadInput
from connectors.home.settings import Settings
from tests.channels.examples import EXAMPLES, workbook, zipped

ETSY = EXAMPLES["etsy"].document.encode()
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def examine(home: Path, path: Path) -> list[Manifest]:
    settings = Settings(home=home, database_url=None, threads=1)
    return [
        ingest.parse_file(settings, CHANNELS["etsy"], source_file, connection="s", time_zone="UTC")
        for source_file in source_files(path)
    ]


def refused(tmp_path: Path, content: bytes, name: str = "statement.csv") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput) as error:
        examine(tmp_path / "home", path)
    left = [p for p in (tmp_path / "home").rglob("*") if p.is_file()]
    assert left == []
    message = str(error.value)
    assert "\n" not in message
    return message


def test_a_file_that_takes_too_long_is_given_up() -> None:
    began = time.monotonic()
    with (
        duckdb.connect() as con,
        pytest.raises(BadInput, match=r"longer than 0\.005 minutes"),
        ingest.in_time(con, "endless.csv", 0.3),
    ):
        con.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b")
    assert time.monotonic() - began < 10


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe, hole = tmp_path / "pipe", tmp_path / "hole"
    os.mkfifo(pipe)
    with hole.open("wb") as file:
        file.truncate(10**12)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        refusals = {
            Path("/dev/zero"): "is a device",
            pipe: "is a pipe",
            tmp_path / "socket": "cannot be read",
            tmp_path: "is a folder",
            hole: "is larger than 2048 MiB",
            tmp_path / "none": "there is no such file",
            tmp_path / "nul\0": "cannot be read",
        }
        for path, reason in refusals.items():
            with pytest.raises(BadInput, match=reason):
                list(source_files(path))


def test_what_is_packed_to_burst_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = bytes(2 * archives.MEBIBYTE)
    monkeypatch.setattr(archives, "RATIO_FROM", archives.MEBIBYTE)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", zeros)
    for name, content in {"a.csv.gz": gzip.compress(zeros), "a.zip": out.getvalue()}.items():
        assert "unpacks to more than 200 times its size" in refused(tmp_path, content, name)
    monkeypatch.setattr(archives, "MAX_BYTES", archives.MEBIBYTE)
    monkeypatch.setattr(archives, "MAX_RATIO", 10**6)
    assert "is larger than 1 MiB unpacked" in refused(tmp_path, gzip.compress(zeros), "a.gz")
    assert "statement.csv: is larger than 1 MiB;" in refused(tmp_path, zeros)


def test_an_archive_that_daybook_does_not_unpack_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    many = zipped(*[(f"{number}.csv", b"x") for number in range(5)])
    assert "holds more than 3 files" in refused(tmp_path, many, "a.zip")
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", 900)
    large = zipped(("a.csv", bytes(500)), ("b.csv", bytes(500)))
    path = tmp_path / "b.zip"
    path.write_bytes(large)
    with pytest.raises(BadInput, match="is larger than 0 MiB"):
        list(source_files(path))


def test_other_ways_of_packing_and_passwords_are_named(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.csv", ETSY)
    assert "a.csv is packed in a way" in refused(tmp_path, out.getvalue(), "a.zip")
    locked = bytearray(zipped(("a.csv", ETSY)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + offset] |= 1
    assert "a.csv is locked with a password" in refused(tmp_path, bytes(locked), "a.zip")
    assert "not text" in refused(tmp_path, bz2.compress(ETSY) + b"\x81\x8d")


def test_every_byte_of_an_archive_may_be_damaged(tmp_path: Path) -> None:
    good = zipped(("a.csv", ETSY))
    (tmp_path / "good.zip").write_bytes(good)
    assert [m.content for m in source_files(tmp_path / "good.zip")] == [ETSY]
    start = good.rindex(b"PK\x01\x02")
    for position in range(start, len(good)):
        damaged = bytearray(good)
        damaged[position] ^= 0xFF
        (tmp_path / "a.zip").write_bytes(damaged)
        with suppress(BadInput):
            assert all(m.content == ETSY for m in source_files(tmp_path / "a.zip"))


def test_a_name_fits_a_message_and_a_disk() -> None:
    assert plain_name("a\nb\x00\u2028/..\\c\udcff.csv") == "a?b??????c?.csv".replace(
        "??????", "???..?"
    )
    long = "x" * 300 + "_MP_06022026_reconciliationreport.csv"
    assert len(plain_name(long)) == 150
    assert plain_name(long).endswith("_MP_06022026_reconciliationreport.csv")


def with_part(name: str, data: str) -> bytes:
    """A workbook of which one part is another."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["a"]]))) as plain,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for part in plain.infolist():
            same = part.filename != name
            changed.writestr(part.filename, plain.read(part) if same else data)
    return out.getvalue()


def sheet(rows: str) -> bytes:
    body = f'<worksheet xmlns="{NAMESPACE}"><sheetData>{rows}</sheetData></worksheet>'
    return with_part("xl/worksheets/sheet1.xml", body)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a row of too many cells": (
        lambda: sheet(f"<row>{'<c/>' * 200_000}</row>"),
        "more than 100,000 cells in a row",
    ),
    "a wide row": (
        lambda: sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'),
        "row 1 has more than 1,000 cells",
    ),
    "a row beyond all rows": (lambda: sheet('<row r="99999999999"/>'), "row 99999999999"),
    "a row twice": (
        lambda: sheet('<row r="2"><c><v>1</v></c></row><row r="2"><c><v>9</v></c></row>'),
        "its row 2 stands after its row 2",
    ),
    "no number of a row": (lambda: sheet('<row r="x"/>'), "is damaged"),
    "no XML": (lambda: with_part("xl/workbook.xml", "<workbook"), "is damaged"),
    "no parts": (lambda: with_part("[Content_Types].xml", "<Types/>"), "is damaged"),
    "a large part": (
        lambda: with_part("xl/styles.xml", f"<styleSheet>{' ' * 2_000_000}</styleSheet>"),
        "xl/styles.xml in it is larger than 0.5 MiB",
    ),
    "a large sheet": (
        lambda: with_part("xl/worksheets/sheet1.xml", " " * (4 * 2**20)),
        "is larger than 3 MiB",
    ),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_workbook_is_read_within_bounds(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_SHEET_BYTES", 3 * 2**20)
    content, reason = HOSTILE[name]
    assert reason in refused(tmp_path, content(), "income.xlsx")


def test_a_number_keeps_every_digit(tmp_path: Path) -> None:
    """An order number of 18 digits is more than a float holds; programs write it as a number."""
    numbers = "576461413038785752", "35.91", "-0.05"
    cells = "".join(f"<c><v>{number}</v></c>" for number in numbers)
    content = sheet(f"<row>{cells}</row>")
    path = tmp_path / "text.csv"
    spreadsheets.write_sheet("income.xlsx", content, path, lambda _title, _text: True)
    assert path.read_text() == ",".join(numbers) + "\n"


def test_a_text_is_read_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header, row = ETSY.split(b"\n")[:2]
    monkeypatch.setattr(tables, "MAX_ROWS", 5)
    assert "has more than 5 rows" in refused(tmp_path, b"\n".join([header, *[row] * 6, b""]))
    long = row.replace(b"Sale", b"x" * (tables.MAX_LINE + 1))
    assert "line 2 has more than 1,048,576 characters" in refused(
        tmp_path, header + b"\n" + long + b"\n"
    )
    cell = row.replace(b"Sale", b"x" * 200_000)
    assert "line 2 is not a row" in refused(tmp_path, header + b"\n" + cell + b"\n")
    wide = header + b",x" * 1000 + b"\n"
    assert "" in refused(tmp_path, wide + b"," * wide.count(b",") + b"\n")


def test_whatever_a_library_stumbles_over_is_the_files_fault(tmp_path: Path) -> None:
    for content in (
        b'{"daybook":1,"channel":"etsy"}\n{}\n',
        b'{"daybook":1,"channel":"etsy","kind":[],"statement":{},"currency":1e999}\n',
        b'{"daybook":1,"channel":"etsy","kind":"settlement","statement":"x","currency":"USD",'
        b'"from":"2026-02-31","to":"x"}\n',
    ):
        refused(tmp_path, content, "answers.ndjson")


def test_the_text_of_a_large_file_is_not_held_at_once(tmp_path: Path) -> None:
    content = ("ü€😀" * 400_000).encode("utf-16")
    write_decoded(content, "utf-16", tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "ü€😀" * 400_000
    assert spreadsheets.is_spreadsheet(workbook([["a"]]))
    assert not spreadsheets.is_spreadsheet(SourceFile("a", zipped(("a", b"b"))).content)
