"""A fetched report: decompressed, with a known charset.

The charset stands in the answer's Content-Type and nowhere else. The bytes are kept as they are
wherever reading them finds the same text without it; else they are kept as UTF-8.
"""

import gzip
import io
import zlib
from email.message import Message

from connectors.documents.encodings import decode
from connectors.errors import BadInput, Permanent, Transient

_GZIP = b"\x1f\x8b"
_LARGEST = 2 * 2**30
# What Amazon calls a charset is a narrower one than what it writes.
_WIDER = {"iso-8859-1": "cp1252", "shift_jis": "cp932", "windows-31j": "cp932"}


def unpacked(content: bytes, algorithm: str | None) -> bytes:
    """Return the document itself.

    `Transient` when it is cut, `Permanent` when it is too large to hold.
    """
    if algorithm not in {None, "GZIP"}:
        raise Permanent(f"Amazon packs reports as {algorithm!r}, which is not known: tell us")
    # What carries gzip through HTTP has taken it off already.
    if algorithm is None or not content.startswith(_GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            # One byte more than is allowed tells one that is too large from one that just fits.
            unzipped = packed.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Transient("a report of Amazon's arrived damaged: try again") from error
    if len(unzipped) > _LARGEST:
        raise Permanent(f"a report of Amazon's is larger than {_LARGEST // 2**30} GiB")
    return unzipped


def charset_of(content_type: str) -> str | None:
    """Return the charset that a Content-Type states."""
    header = Message()
    header["Content-Type"] = content_type
    return header.get_content_charset()


def legible(name: str, content: bytes, charset: str | None) -> bytes:
    """Return the document, in UTF-8 where its bytes alone would be read as another text."""
    if charset is None:
        return content
    try:
        text = content.decode(_WIDER.get(charset, charset))
    except (LookupError, UnicodeDecodeError):
        return content
    try:
        decoded, _ = decode(name, content)
    except BadInput:
        return text.encode()
    # The original where it can be: its digest is then that of the file in Seller Central.
    return content if decoded == text.removeprefix("\ufeff") else text.encode()
