"""What a step copies of a settlement is its owner's alone to read."""

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from connectors.documents.encodings import write_decoded
from connectors.documents.ingest import open_parser
from connectors.documents.spreadsheets import write_sheet
from connectors.home.settings import Settings


@pytest.fixture(autouse=True)
def _everybody_may_read() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("left", [True, False])
def test_a_copy_of_a_document_is_private(tmp_path: Path, left: bool) -> None:
    text, sheet = tmp_path / "text.txt", tmp_path / "sheet.txt"
    if left:
        text.touch(0o644)
        sheet.touch(0o644)
    write_decoded("naïve".encode("cp1252"), "cp1252", text)
    book = openpyxl.Workbook()
    book.active.append(["a", 1])
    stored = io.BytesIO()
    book.save(stored)
    assert write_sheet("book.xlsx", stored.getvalue(), sheet, lambda *_: True) == "Sheet"
    assert (mode(text), text.read_text(encoding="utf-8")) == (0o600, "naïve")
    assert mode(sheet) == 0o600


def test_the_folders_of_copies_are_private(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.scratch_folder.mkdir(parents=True)
    with open_parser(settings) as table:
        assert mode(settings.scratch_folder) == 0o700
        assert mode(table.scratch) == 0o700
