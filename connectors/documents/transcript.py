"""The transcript of a source file: its text as UTF-8 on disk, and its format."""

import re
from pathlib import Path

from connectors.channels.base import Channel, Format
from connectors.channels.order_files import OrderFile
from connectors.documents import recognition
from connectors.documents.encodings import encoding_of, write_decoded
from connectors.documents.source_file import SourceFile
from connectors.documents.spreadsheets import ENCODING, is_spreadsheet, write_sheet
from connectors.errors import BadInput

_NEWLINE = re.compile(r"\r\n|\r|\n")
# No channel writes more lines above its header.
HEAD_CHARACTERS, HEAD_LINES = 65_536, 40


def transcribe(
    channel: Channel, source_file: SourceFile, path: Path
) -> tuple[str, str, Format | OrderFile]:
    """Write a file's text to `path`; return its encoding, its first lines and its format.

    Of a spreadsheet, that is the first sheet that the channel identifies.
    """
    if is_spreadsheet(source_file.content):
        title = write_sheet(
            source_file.name,
            source_file.content,
            path,
            lambda _title, sheet: channel.identify(head_of(_first_text(sheet))) is not None,
        )
        head = "" if title is None else head_of(_first_text(path))
        source_format = channel.identify(head)
        if title is None or source_format is None:
            raise BadInput(
                f"{source_file.name}: is a spreadsheet, and no sheet of it is a {channel.file}; "
                "import the file as it was downloaded, unedited"
            )
        return f"{ENCODING}{title}", head, source_format
    encoding = encoding_of(source_file.name, source_file.content)
    write_decoded(source_file.content, encoding, path)
    head = head_of(_first_text(path))
    source_format = recognition.identify(channel, source_file.name, head)
    # Only now: a file of another format gets the more useful message first.
    if not isinstance(source_format, OrderFile) or source_format.footer is None:
        check_end(source_file.name, path, head)
    return encoding, head, source_format


def head_of(text: str) -> str:
    """Return the first lines of a file, by which its format is identified."""
    return "\n".join(_NEWLINE.split(text[:HEAD_CHARACTERS], maxsplit=HEAD_LINES)[:HEAD_LINES])


def _first_text(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as text:
        return text.read(HEAD_CHARACTERS)


def check_end(name: str, path: Path, head: str) -> None:
    """Raise `BadInput` for a file of more than one line whose last line does not end.

    All formats end their last line, so the file is cut off, maybe within a word or a number.
    """
    with path.open("rb") as text:
        # Never empty here: `encoding_of` refuses a file without content.
        text.seek(-1, 2)
        if text.read() not in (b"\n", b"\r") and "\n" in head:
            raise BadInput(
                f"{name}: its last line has no end: the file is cut off; download it again"
            )
