"""Bytes to text: the encodings that channels' files have been seen in."""

import codecs

from connectors.errors import BadInput

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(name: str, content: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8 (with or without a mark), UTF-16, Shift-JIS or cp1252.

    Amazon promises UTF-8 and has sent Shift-JIS from Japan and cp1252 from Europe. What reads
    as Shift-JIS is taken for it only when it says it is Japanese.
    """
    if not content.strip():
        raise BadInput(f"{name}: the file is empty; download it again")
    encoding = next((e for mark, e in _BOMS if content.startswith(mark)), "utf-8")
    candidates = [encoding] if encoding != "utf-8" else ["utf-8", "cp932", "cp1252"]
    japanese = any(word in content.lower() for word in (b"amazon.co.jp", b"jpy"))
    for candidate in candidates:
        if candidate == "cp932" and not japanese:
            continue
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, candidate
    raise BadInput(
        f"{name}: is not text in UTF-8, Shift-JIS or Windows-1252; download it again, unedited"
    )
