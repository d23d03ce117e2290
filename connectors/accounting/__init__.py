"""Accounting targets: where journal entries are posted, one folder a target.

`TARGETS` is the one registry of targets; `books`, the embedded Beancount folder, needs no account
anywhere and is always written.
"""

from typing import Final

from connectors.accounting.beancount.books import Books

TARGETS: Final[dict[str, type[Books]]] = {"books": Books}
