"""Accounting targets: where journal entries are posted, one folder a target.

`books`, the embedded Beancount folder, needs no account anywhere and is always written. A target of
`ORGANISATIONS` is posted to as well, where a store's owner chose one and turned posting on.
"""

from collections.abc import Callable, Mapping
from typing import Final

from connectors.accounting.beancount.books import Books
from connectors.accounting.files.target import Files
from connectors.accounting.quickbooks.journals import QuickBooksJournals
from connectors.accounting.target import Opening, OrganisationBooks
from connectors.accounting.tryton.moves import TrytonMoves
from connectors.accounting.xero.journals import XeroJournals

TARGETS: Final[dict[str, type[Books]]] = {"books": Books}

# The organisations that Daybook posts to, by the platform of their connection.
ORGANISATIONS: Final[Mapping[str, Callable[[Opening], OrganisationBooks]]] = {
    "files": Files,
    "quickbooks": QuickBooksJournals,
    "tryton": TrytonMoves,
    "xero": XeroJournals,
}
