"""CAMT.053: a bank's statement as ISO 20022 XML, in any of its versions.

Facts: ISO 20022, Bank-to-Customer Statement (camt.053.001.02 to .13): `Ntry` with `Amt` and its
`Ccy`, `CdtDbtInd`, `RvslInd`, `Sts`, `BookgDt`, `AcctSvcrRef`, and texts in `NtryDtls` and
`AddtlNtryInf`. Namespaces differ by version; the names do not.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from connectors.bank.statement import BankLine, identified
from connectors.errors import BadInput

_Element = ElementTree.Element
# Texts that a person or a program matches a payment by.
_TEXTS = frozenset({"Ustrd", "EndToEndId", "AddtlNtryInf", "AddtlTxInf", "Nm", "Ref", "TxId"})


def is_camt(content: bytes) -> bool:
    """Return whether a file is a statement of this kind, by its head."""
    return b"camt.053" in content[:2000]


def read_camt(name: str, content: bytes) -> list[BankLine]:
    """Read the booked entries of a statement; `BadInput` for one that is cut off or odd.

    What a bank only announces (`PDNG`, `INFO`) is left out.
    """
    # No statement has one, and entities are how XML is made to eat memory.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadInput(f"{name}: a statement has no document type: download it again")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - without a document type
    except ElementTree.ParseError as error:
        raise BadInput(f"{name}: is no whole XML ({error}): download it again") from error
    return identified(_lines(name, root))


def _lines(name: str, root: _Element) -> Iterator[BankLine]:
    for number, entry in enumerate(_all(root, "Ntry"), start=1):
        status = _child(entry, "Sts")
        # Text in the older versions, an element with a code in the newer ones.
        code = "" if status is None else (_text(status, "Cd") or status.text or "").strip()
        if code not in {"", "BOOK"}:
            continue
        try:
            yield _line(entry)
        except (ValueError, InvalidOperation, AttributeError) as error:
            raise BadInput(
                f"{name}: entry {number} has no readable amount or day: download it again"
            ) from error


def _line(entry: _Element) -> BankLine:
    stated = _child(entry, "Amt")
    if stated is None or not stated.text:
        raise ValueError("no amount")
    amount = Decimal(stated.text)
    is_debit = _text(entry, "CdtDbtInd") == "DBIT"
    booked = _child(entry, "BookgDt")
    day = date.fromisoformat(((_text(booked, "Dt") or _text(booked, "DtTm")) or "")[:10])
    return BankLine(
        _text(entry, "AcctSvcrRef") or "",
        day,
        -amount if is_debit else amount,
        stated.attrib["Ccy"],
        " ".join(
            each.text.strip() for each in entry.iter() if _local(each) in _TEXTS and each.text
        ),
    )


def _all(root: _Element, name: str) -> Iterator[_Element]:
    return (element for element in root.iter() if _local(element) == name)


def _child(element: _Element | None, name: str) -> _Element | None:
    if element is None:
        return None
    return next((child for child in element if _local(child) == name), None)


def _text(element: _Element | None, name: str) -> str | None:
    child = _child(element, name)
    return child.text.strip() if child is not None and child.text else None


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
