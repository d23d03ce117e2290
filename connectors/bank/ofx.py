"""OFX: a bank's statement in Open Financial Exchange, version 1 (SGML) and version 2 (XML).

Facts: OFX 1.6 and 2.3. `STMTTRN` with `DTPOSTED`, `TRNAMT`, `FITID`, `NAME`, `MEMO`; the currency
is `CURDEF` of its statement, or `CURRENCY/CURSYM` of a line whose amount is in another. Amounts
have a point or a comma before the decimals and no other mark; positive ones arrived. In version 1 a
value has no end tag, only what holds others has. The library for it, ofxtools, is under GPL-3,
which nothing here may import; the ones under other licences are not looked after.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from typing import Final
from xml.etree import ElementTree

from connectors.bank.statement import BankLine, identified
from connectors.documents.encodings import decode
from connectors.errors import BadInput

_Element = ElementTree.Element
# Statements of bank accounts and of credit cards hold their lines alike.
_STATEMENTS: Final = frozenset({"STMTRS", "CCSTMTRS"})
_TAG: Final = re.compile(r"<(/?)([A-Za-z0-9._]+)>([^<]*)")
_AMOUNT: Final = re.compile(r"[-+]?(?:\d+(?:[.,]\d{0,4})?|[.,]\d{1,4})")
_AGAIN: Final = "download it again"


def is_ofx(content: bytes) -> bool:
    """Return whether a file is OFX of any version, by its head."""
    head = content[:1000].lstrip(b"\xef\xbb\xbf \r\n\t").upper()
    return head.startswith((b"OFXHEADER", b"<OFX>")) or (
        head.startswith(b"<?") and (b"<?OFX" in head or b"<OFX>" in head)
    )


def read_ofx(name: str, content: bytes) -> list[BankLine]:
    """Read the lines of one account; `BadInput` for a file that is cut off or odd."""
    text, _ = decode(name, content)
    # No statement has one, and entities are how XML is made to eat memory.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadInput(f"{name}: a statement has no document type: {_AGAIN}")
    start = text.upper().find("<OFX>")
    if start < 0:
        raise BadInput(f"{name}: is no whole OFX (it has no <OFX>): {_AGAIN}")
    body = text[start:]
    root = _xml(name, body) if text.lstrip("\ufeff \r\n\t").startswith("<?") else _sgml(name, body)
    statements = [element for element in root.iter() if element.tag in _STATEMENTS]
    if not statements:
        raise BadInput(f"{name}: holds no statement of a bank account: {_AGAIN} as a statement")
    accounts = {_text(each, ".//ACCTID") for each in statements}
    # Each account counts its lines by itself, so two may have one id.
    if len(accounts) > 1:
        raise BadInput(f"{name}: holds {len(accounts)} accounts: download one at a time")
    return identified(_once(name, (line for each in statements for line in _lines(name, each))))


def _xml(name: str, body: str) -> _Element:
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - without a document type
    except ElementTree.ParseError as error:
        raise BadInput(f"{name}: is no whole OFX ({error}): {_AGAIN}") from error


def _sgml(name: str, body: str) -> _Element:
    """Return the elements of version 1: what has text is a value, whether it is closed or not."""
    root = _Element("OFX")
    path = [root]
    for end, raw, text in _TAG.findall(body.partition(">")[2]):
        tag, value = raw.upper(), unescape(text).strip()
        if not path:
            break
        if not end:
            element = ElementTree.SubElement(path[-1], tag)
            element.text = value
            if not value:
                path.append(element)
        elif any(element.tag == tag for element in path):
            # What is left open inside had no value: an empty one looks like what holds others.
            while path.pop().tag != tag:
                pass
        elif len(path[-1]) == 0 or path[-1][-1].tag != tag:
            raise BadInput(f"{name}: is no whole OFX (</{tag[:20]}> closes nothing): {_AGAIN}")
    if path:
        raise BadInput(f"{name}: is no whole OFX (it ends before </OFX>): {_AGAIN}")
    return root


def _lines(name: str, statement: _Element) -> Iterator[BankLine]:
    default = _text(statement, "CURDEF")
    for number, entry in enumerate(statement.iter("STMTTRN"), start=1):
        amount, posted = _text(entry, "TRNAMT"), _text(entry, "DTPOSTED")
        currency = _text(entry, "CURRENCY/CURSYM") or default
        if not _AMOUNT.fullmatch(amount) or not re.fullmatch("[A-Za-z]{3}", currency):
            raise BadInput(f"{name}: line {number} has no readable amount: {_AGAIN}")
        texts = (_text(entry, tag) for tag in ("NAME", "PAYEE/NAME", "MEMO", "REFNUM", "CHECKNUM"))
        yield BankLine(
            _text(entry, "FITID"),
            _day(name, number, posted),
            Decimal(amount.replace(",", ".")),
            currency.upper(),
            " ".join(filter(None, texts)),
        )


def _day(name: str, number: int, posted: str) -> date:
    """Return the day as the bank wrote it; the time and zone behind it are of no account."""
    try:
        return datetime.strptime(posted[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise BadInput(f"{name}: line {number} has no readable day: {_AGAIN}") from error


def _once(name: str, lines: Iterator[BankLine]) -> Iterator[BankLine]:
    """Yield each line once; `BadInput` where one id stands for two that differ."""
    by_id: dict[str, BankLine] = {}
    for line in lines:
        earlier = by_id.setdefault(line.line_id, line) if line.line_id else None
        if earlier is None or earlier is line:
            yield line
        elif earlier != line:
            raise BadInput(
                f"{name}: the id {line.line_id[:40]} (FITID) stands for two lines, so that one "
                "would be lost: download the statement as CSV or CAMT.053"
            )


def _text(element: _Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
