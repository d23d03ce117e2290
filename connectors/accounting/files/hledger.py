"""Journals as hledger and Ledger read them: the same entries as the books, in their syntax.

Both take two spaces between account and amount, and quote a commodity that is not of letters alone.
Sources: hledger's manual (journal format) and Ledger's (journal format), which agree on this.
"""

import re

from connectors.accounting.target import line_text
from connectors.errors import Permanent
from mappings.model import JournalEntry
from mappings.money import coin

# What ends an account's name, or begins a comment.
_BREAKS = re.compile(r"[\x00-\x1f\x7f;]|\s{2,}")


def render(entry: JournalEntry, store: str, name: str) -> bytes:
    """Return an entry as a transaction; `name` is how it is called there."""
    text = [f"{entry.business_date} * ({_plain(name)}) {_plain(store)}"]
    for line in entry.lines:
        figures = f"{line.amount.quantize(coin(entry.currency)):f} {entry.currency}"
        text.append(f"    {_account(line.account):<48}  {figures:>18}")
        text.append(f"    ; {_plain(store)}: {_plain(line_text(line, entry.language))}")
        if line.tax_code:
            text.append(f"    ; tax-code: {_plain(line.tax_code)}")
    return ("\n".join(text) + "\n").encode()


def _account(name: str) -> str:
    if _BREAKS.search(name) or name != name.strip():
        raise Permanent(
            f"{name!r} is no account of hledger: name it without double spaces and semicolons"
        )
    return name


def _plain(text: str) -> str:
    # A semicolon would begin a comment, and a line break another posting.
    return _BREAKS.sub(" ", text)
