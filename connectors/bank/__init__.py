"""Bank statements: what really arrived, as the bank's own files tell."""

from connectors.bank.camt import is_camt, read_camt
from connectors.bank.csv_statement import CsvColumns, read_csv
from connectors.bank.statement import BankLine
from connectors.errors import BadInput

__all__ = ["BankLine", "CsvColumns", "read_statement"]
# Both spellings of OFX begin so: the header of version 1, and the tag of version 2.
_OFX = (b"OFXHEADER", b"<?OFX", b"<OFX>")


def read_statement(
    name: str, content: bytes, columns: CsvColumns, currency: str | None
) -> list[BankLine]:
    """Read a bank's file, CAMT.053 or CSV; `columns` and `currency` are for CSV alone.

    Raises `BadInput` naming the file, the line and the cure.
    """
    head = content[:1000].lstrip()
    if any(mark in head for mark in _OFX):
        raise BadInput(f"{name}: OFX is not read: download the statement as CSV or CAMT.053")
    if is_camt(content):
        return read_camt(name, content)
    return read_csv(name, content, columns, currency)
