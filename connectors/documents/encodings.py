"""Bytes to text, in the encodings that channels' files use."""

import codecs
import re
from pathlib import Path

from connectors.errors import BadInput
from connectors.lake.temporary import private_text

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE = re.compile(rb"amazon\.co\.jp|jpy", re.IGNORECASE)
_CHUNK = 2**20


def decode(name: str, content: bytes) -> tuple[str, str]:
    """Return the text and its encoding, as `encoding_of` decides it."""
    encoding = encoding_of(name, content)
    return content.decode(encoding), encoding


def encoding_of(name: str, content: bytes) -> str:
    """Return the encoding: UTF-8 (with or without a mark), UTF-16, Shift-JIS or cp1252.

    Amazon promises UTF-8 and has sent Shift-JIS from Japan and cp1252 from Europe. What reads
    as Shift-JIS is taken for it only if it mentions Japan's site or currency.
    """
    if not content or content.isspace():
        raise BadInput(f"{name}: the file is empty; download it again")
    encoding = next((e for mark, e in _BOMS if content.startswith(mark)), "utf-8")
    # In this order: UTF-8 rejects other encodings reliably, cp1252 accepts nearly everything.
    candidates = [encoding] if encoding != "utf-8" else ["utf-8", "cp932", "cp1252"]
    for candidate in candidates:
        # Almost any bytes read as Shift-JIS, and make nonsense of umlauts.
        if candidate == "cp932" and not _JAPANESE.search(content):
            continue
        if _reads(content, candidate):
            return candidate
    raise BadInput(
        f"{name}: is not text in UTF-8, Shift-JIS or Windows-1252; download it again, unedited"
    )


def write_decoded(content: bytes, encoding: str, path: Path) -> None:
    """Write the text of `content` to `path` in UTF-8, a piece at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with private_text(path) as file:
        for start in range(0, len(content), _CHUNK):
            piece = content[start : start + _CHUNK]
            file.write(decoder.decode(piece, start + _CHUNK >= len(content)))


def _reads(content: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return not any(
            # A zero byte decodes in all three, but no text has one: it is a binary file, or UTF-16
            # unmarked.
            "\x00"
            in decoder.decode(content[start : start + _CHUNK], start + _CHUNK >= len(content))
            for start in range(0, len(content), _CHUNK)
        )
    except UnicodeDecodeError:
        return False
