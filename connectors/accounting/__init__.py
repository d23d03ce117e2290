"""Accounting targets: where journal entries are posted, one folder a target.

`books`, the embedded Beancount folder, needs no account anywhere and is always written. A target of
`ORGANISATIONS` is posted to as well, where a store's owner chose one and turned posting on.
"""

from collections.abc import Callable, Mapping
from typing import Final

from connectors.accounting.beancount.books import Books
from connectors.accounting.files.target import Files
from connectors.accounting.target import Target
from connectors.accounting.xero.journals import XeroJournals
from connectors.accounts.platform import Access
from connectors.database.registry import Connection
from connectors.home.settings import Settings

TARGETS: Final[dict[str, type[Books]]] = {"books": Books}

Opened = Callable[[Settings, Connection, Access, Mapping[str, str]], Target]


def _files(
    home: Settings, organisation: Connection, access: Access, stores: Mapping[str, str]
) -> Target:
    return Files(home.exports_folder / organisation.slug, access.fields["form"], dict(stores))


def _xero(
    _home: Settings, organisation: Connection, access: Access, stores: Mapping[str, str]
) -> Target:
    return XeroJournals(access, stores, organisation.account.get("currency"))


# The organisations that Daybook posts to, by the platform of their connection.
ORGANISATIONS: Final[Mapping[str, Opened]] = {"files": _files, "xero": _xero}
