"""Damaged and hostile files, made of the fixtures of every channel: the same ones of a seed."""

import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.channels.examples import workbook
from tests.channels.test_golden import FIXTURES, TIME_ZONES

SEED = 20_260_502
_Mutation = Callable[[random.Random, bytes], bytes]
_CELLS = (
    b"", b"--", b"-", b"NaN", b"inf", b"1e999", b"-0.00", b"9" * 40, b"1,2,3.4.5", b"0x1F", b"\x00",
    b"=1+1", b"'; DROP TABLE x; --", b"${x}", b"2026-02-31", b"0000-00-00", b"99999-01-01",
    b"+99:99", "\u202e\u0661\u0662".encode(), b"\xff\xfe", b'"', b'""', b'"\n"', b"x" * 140_000,
    b"\\N", b"1.23457E+11", b"(1.00)", "\u22121.00".encode(), b"USD", b"XXX", b"true", b"[]", b"{}",
)  # fmt: skip
_MARKS = (b",", b";", b"\t", b"\n", b"\r", b"\r\n", b'"', b"'", b"\x00", b"\xef\xbb\xbf", b"\x85",
          b"}", b"]", b":", b"\\")  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One damaged file: what it was made of and what is in it."""

    number: int
    channel: str
    time_zone: str
    name: str
    content: bytes


@cache
def seeds() -> tuple[tuple[str, str, str, bytes], ...]:
    """Channel, time zone, name and bytes of every fixture; texts also as workbooks."""
    positions = []
    for path in sorted(FIXTURES.glob("*/*/document*")):
        case = f"{path.parent.parent.name}/{path.parent.name}"
        channel, zone = path.parent.parent.name, TIME_ZONES.get(case, "UTC")
        positions.append((channel, zone, path.name, path.read_bytes()))
        if path.suffix in {".csv", ".txt"}:
            mark = "\t" if path.suffix == ".txt" else ","
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            cells = [line.split(mark) for line in lines]
            positions.append((channel, zone, f"{path.stem}.xlsx", _timeless(workbook(cells))))
    return tuple(positions)


def _timeless(content: bytes) -> bytes:
    """The same workbook without the time at which it was made."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as made,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as plain,
    ):
        for part in made.infolist():
            data = re.sub(rb"20\d\d-\d\d-\d\dT[\d:]+Z", b"2026-01-01T00:00:00Z", made.read(part))
            plain.writestr(zipfile.ZipInfo(part.filename), data)
    return out.getvalue()


def mutants(first: int, count: int) -> Iterator[Mutant]:
    """So many mutants from a number on; each is made by its number alone."""
    for number in range(first, first + count):
        chance = random.Random(f"{SEED}:{number}")
        channel, zone, name, content = chance.choice(seeds())
        is_book = name.endswith(".xlsx")
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            if is_book and chance.random() < 0.8:
                content = _in_a_part(chance, content)
            else:
                content = chance.choice(_MUTATIONS)(chance, content)
        if chance.random() < 0.15:
            name, content = _packed(chance, name, content)
        yield Mutant(number, channel, zone, name, content)


def _spot(chance: random.Random, content: bytes) -> int:
    return chance.randrange(len(content)) if content else 0


def _flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 4, 64))):
        if changed:
            changed[_spot(chance, content)] = chance.randrange(256)
    return bytes(changed)


def _cut(chance: random.Random, content: bytes) -> bytes:
    return content[: _spot(chance, content)]


def _leave_out(chance: random.Random, content: bytes) -> bytes:
    at = _spot(chance, content)
    return content[:at] + content[at + chance.choice((1, 2, 16, 512)) :]


def _repeat(chance: random.Random, content: bytes) -> bytes:
    at, size = _spot(chance, content), chance.choice((1, 10, 1000))
    return content[:at] + content[at : at + size] * chance.choice((2, 3, 200)) + content[at:]


def _insert(chance: random.Random, content: bytes) -> bytes:
    at = _spot(chance, content)
    return content[:at] + chance.choice((*_MARKS, *_CELLS)) + content[at:]


def _replace(chance: random.Random, content: bytes) -> bytes:
    here = [mark for mark in _MARKS if mark in content] or [b"\n"]
    return content.replace(chance.choice(here), chance.choice(_MARKS), chance.choice((1, 3, -1)))


def _cell(chance: random.Random, content: bytes) -> bytes:
    mark = b"\t" if content.count(b"\t") > content.count(b",") else b","
    cells = content.split(mark)
    cells[chance.randrange(len(cells))] = chance.choice(_CELLS)
    return mark.join(cells)


def _lines(chance: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    at = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[chance.randrange(len(lines))])
        case 2:
            chance.shuffle(lines)
        case 3:
            lines = lines[:at] + lines[at:] * chance.choice((2, 50))
        case _:
            lines.sort()
    return b"".join(lines)


def _columns(chance: random.Random, content: bytes) -> bytes:
    mark = b"\t" if content.count(b"\t") > content.count(b",") else b","
    rows = [line.split(mark) for line in content.split(b"\n")]
    order = list(range(max(map(len, rows))))
    chance.shuffle(order)
    return b"\n".join(mark.join(row[i] for i in order if i < len(row)) for row in rows)


def _recode(chance: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", errors="replace")
    encoding = chance.choice(("utf-16", "utf-16-be", "cp1252", "utf-7", "utf-32", "cp932"))
    return text.encode(encoding, errors="replace")


def _other(chance: random.Random, content: bytes) -> bytes:
    *_, other = chance.choice(seeds())
    at = _spot(chance, content)
    return content[:at] + other[_spot(chance, other) :]


def _noise(chance: random.Random, _content: bytes) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 100, 10_000)))


_MUTATIONS: tuple[_Mutation, ...] = (
    _flip, _cut, _leave_out, _repeat, _insert, _replace, _cell, _cell, _lines, _lines, _columns,
    _recode, _other, _noise,
)  # fmt: skip
_BOOK_WORDS = (b'r="1"', b'r="A1"', b"<row", b"<c ", b"<v>", b"</row>", b"worksheet", b'"n"',
               b"dimension", b"sheetId", b"rId1", b"http://")  # fmt: skip


def _in_a_part(chance: random.Random, content: bytes) -> bytes:
    """The workbook with one part damaged and packed anew, so that no checksum tells."""
    out = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(io.BytesIO(content)) as whole,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed,
        ):
            parts = whole.infolist()
            victim = chance.choice(parts)
            for part in parts:
                data = whole.read(part)
                if part is victim and chance.random() < 0.5:
                    data = chance.choice(_MUTATIONS)(chance, data)
                elif part is victim:
                    word = chance.choice(_BOOK_WORDS)
                    other = chance.choice((b"", b'r="0"', b'r="XFD1048577"', b"<c/>", *_CELLS[:12]))
                    data = data.replace(word, other, chance.choice((1, -1)))
                changed.writestr(zipfile.ZipInfo(part.filename), data)
    except Exception:  # noqa: BLE001 - of a workbook that is none any more, its bytes are damaged
        return _flip(chance, content)
    return out.getvalue()


def _packed(chance: random.Random, name: str, content: bytes) -> tuple[str, bytes]:
    """The file in a container, which is damaged half the time."""
    if chance.random() < 0.5:
        name, packed = f"{name}.gz", gzip.compress(content, mtime=0)
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                zipfile.ZipInfo(chance.choice((name, "../../x", "a\nb", "/"))), content
            )
        name, packed = f"{name}.zip", out.getvalue()
    return name, _flip(chance, packed) if chance.random() < 0.5 else packed


def write(mutant: Mutant, folder: Path) -> Path:
    """The mutant as a file."""
    path = folder / mutant.name
    path.write_bytes(mutant.content)
    return path
