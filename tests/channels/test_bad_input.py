"""Files that no channel can take: one line that says what is wrong, and nothing is stored."""

import gzip
from pathlib import Path

import pytest

from connectors.channels import CHANNELS
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.documents.manifest import Manifest
from connectors.errors import BadInput, TotalsMismatch
from connectors.home.settings import Settings
from tests.channels.examples import EXAMPLES, Example, workbook, zipped

BAD_NAME = "statement.txt"


def examine(home: Path, name: str, path: Path) -> list[Manifest]:
    settings = Settings(home=home, database_url=None, threads=1)
    return [
        ingest.parse_file(
            settings, CHANNELS[name], source_file, connection="store", time_zone="UTC"
        )
        for source_file in source_files(path)
    ]


def left_behind(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.is_file())


def spoilt(example: Example) -> dict[str, tuple[bytes, str]]:
    """Files that must be refused: what is wrong with each, its bytes, what is said of it."""
    document = example.document.encode()
    other = next(e for e in EXAMPLES.values() if e.name != example.name)
    packed = gzip.compress(document)
    header = example.document.partition("\n")[0]
    named: dict[str, tuple[bytes, str]] = {
        "empty": (b"", "empty"),
        "blank": (b" \r\n\t\n ", "empty"),
        "header only": (f"{header}\n".encode(), "header and no rows"),
        "header without an end": (header.encode(), "header and no rows"),
        "cut in a row": (document[: document.rstrip().rfind(b"USD") + 4], "cut off"),
        "another channel's": (other.document.encode(), f"daybook import {other.name}"),
        "no such file at all": (b"Dear seller,\nthank you\n", "is not a file of"),
        "column missing": (example.missing.encode(), "is missing"),
        "column doubled": (example.doubled.encode(), "occurs twice"),
        "two currencies": (example.two_currencies.encode(), "2 currencies"),
        "undecodable": (document + b"\x81\x8d\x9d\xff\n", "not text"),
        "empty zip": (zipped(), "holds no file"),
        "zip of a folder": (zipped(("2026/", b"")), "holds no file"),
        "cut zip": (zipped(("a.txt", document))[:-30], "archive is damaged"),
        "cut gzip": (packed[: len(packed) // 2], "archive is damaged"),
        "changed gzip": (packed[:-8] + b"\x00" * 8, "archive is damaged"),
        "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "is not"),
        "spreadsheet": (workbook([["Month", "Sum"], ["May", 3.5]]), "is a spreadsheet"),
        "damaged spreadsheet": (zipped(("[Content_Types].xml", b"<Types/>")), "is damaged"),
        "amount beyond counting": (
            document.replace(b"25.00", b"9" * 20).replace(b"20.00", b"9" * 20),
            "is not an amount",
        ),
    }
    if example.two_settlements:
        named["two settlements"] = (example.two_settlements.encode(), "2 settlements")
    return named


@pytest.mark.parametrize(
    ("name", "spoil"),
    [(name, spoil) for name in sorted(EXAMPLES) for spoil in spoilt(EXAMPLES[name])],
)
def test_bad_input_is_one_line_and_leaves_nothing(name: str, spoil: str, tmp_path: Path) -> None:
    content, expected_words = spoilt(EXAMPLES[name])[spoil]
    path = tmp_path / BAD_NAME
    path.write_bytes(content)
    home = tmp_path / "home"
    with pytest.raises(BadInput) as refused:
        examine(home, name, path)
    message = str(refused.value)
    assert expected_words in message
    assert message.startswith(f"{BAD_NAME}: ")
    assert "\n" not in message
    assert left_behind(home) == []


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_folder_or_no_file_is_refused(name: str, tmp_path: Path) -> None:
    for path, message in ((tmp_path, "folder"), (tmp_path / "gone.txt", "no such file")):
        with pytest.raises(BadInput, match=message):
            examine(tmp_path / "home", name, path)
    assert left_behind(tmp_path / "home") == []


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_statement_that_does_not_add_up_is_kept_aside_with_both_figures(
    name: str, tmp_path: Path
) -> None:
    example, home = EXAMPLES[name], tmp_path / "home"
    path = tmp_path / BAD_NAME
    if example.proven:
        path.write_text(example.document.rstrip("\n").rpartition("\n")[0] + "\n")
        declared, summed = "42.4900", "43.9900"
    else:
        spoilt_document = example.document.replace("$25.00,--,$25.00", "$25.00,--,$25.01")
        path.write_text(example.unproven or spoilt_document)
        declared, summed = "25.0100", "25.0000"
    with pytest.raises(TotalsMismatch) as refused:
        examine(home, name, path)
    assert (refused.value.declared, refused.value.computed) == (declared, summed)
    assert declared in str(refused.value)
    assert summed in str(refused.value)
    quarantined, note = left_behind(home)
    assert quarantined.startswith("quarantine/")
    assert quarantined in str(refused.value)
    assert (home / quarantined).read_bytes() == path.read_bytes()
    assert f'"declared": "{declared}"' in (home / note).read_text()
