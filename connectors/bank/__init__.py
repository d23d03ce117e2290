"""Bank statements: what really arrived, as the bank's own files tell."""

from connectors.bank.camt import is_camt, read_camt
from connectors.bank.csv_statement import CsvColumns, read_csv
from connectors.bank.ofx import is_ofx, read_ofx
from connectors.bank.statement import BankLine

__all__ = ["BankLine", "CsvColumns", "read_statement"]


def read_statement(
    name: str, content: bytes, columns: CsvColumns, currency: str | None
) -> list[BankLine]:
    """Read a bank's file, OFX, CAMT.053 or CSV; `columns` and `currency` are for CSV alone.

    Raises `BadInput` naming the file, the line and the cure.
    """
    if is_ofx(content):
        return read_ofx(name, content)
    if is_camt(content):
        return read_camt(name, content)
    return read_csv(name, content, columns, currency)
