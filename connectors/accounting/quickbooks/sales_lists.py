"""Items and customers of a QuickBooks company, which sales receipts name in the place of accounts.

Facts: the XSD of minor version 75. An item posts to its `IncomeAccountRef`. Sellers have items for
fees and liabilities as well; that QuickBooks takes every type of account there is UNCONFIRMED.
Names of items are unique, and so are those of customers, vendors and employees together.
"""

from typing import Any, Final

from connectors.accounting.quickbooks.authorisation import TITLE
from connectors.accounting.quickbooks.client import TAKEN, QuickBooksClient, QuickBooksFault, Record
from connectors.errors import Permanent

LONGEST_NAME: Final = 100
_FORBIDDEN: Final = str.maketrans(dict.fromkeys(':"\t\n', " "))
_EVERY: Final = " and Active in (true, false)"


class QuickBooksItems:
    """One service item for each account that receipts post to; each is looked for, and made once.

    Its name ends in the account's id, by which it is found again whatever its owner calls it before
    that.
    """

    def __init__(self, client: QuickBooksClient) -> None:
        """Read nothing yet."""
        self._client = client
        self._ids: dict[str, str | None] = {}

    def id_of(self, account: str) -> str:
        """Return the id of an account's item; `Permanent` where it cannot be used or made."""
        number = self.known_id(account)
        if number is None:
            number = self._ids[account] = self._make(account)
        return number

    def known_id(self, account: str) -> str | None:
        """Return the id of an account's item; None where there is none."""
        if self._ids.get(account) is None:
            self._ids[account] = self._find(account)
        return self._ids[account]

    def _find(self, account: str) -> str | None:
        where = f" where Name like '%{_ending(account)}'{_EVERY}"
        item = next(iter(self._client.all("Item", where)), None)
        if item is None:
            return None
        if not item.get("Active", True):
            raise Permanent(f"{TITLE}: the item {item['Name']} is inactive: make it active there")
        income = str((item.get("IncomeAccountRef") or {}).get("value"))
        if income != account:
            raise Permanent(
                f"{TITLE}: the item {item['Name']} posts to account {income}: let it post to "
                f"{account} there"
            )
        return str(item["Id"])

    def _make(self, account: str) -> str:
        chart = {str(each["Id"]): each for each in self._client.all("Account")}
        called = chart[account]["Name"] if account in chart else "Account"
        ending = _ending(account)
        name = f"{called.translate(_FORBIDDEN)[: LONGEST_NAME - len(ending) - 1]} {ending}"
        document = {
            "Name": name,
            "Type": "Service",
            "IncomeAccountRef": {"value": account},
        }
        return _made(self._client, "Item", document) or self.known_id(account) or _refused(name)


class QuickBooksCustomers:
    """The marketplaces as customers, by their names; each is looked for, and made once."""

    def __init__(self, client: QuickBooksClient) -> None:
        """Read nothing yet."""
        self._client = client
        self._ids: dict[str, str] = {}

    def id_of(self, name: str) -> str:
        """Return the id of a customer; `Permanent` where QuickBooks refuses to make it."""
        if name not in self._ids:
            # A vendor may have the marketplace's name already, as it sends bills for its fees.
            names = (name, f"{name} (customer)")
            numbers = (self._find(each) or self._make(each) for each in names)
            self._ids[name] = next(filter(None, numbers), None) or _refused(name)
        return self._ids[name]

    def _make(self, name: str) -> str | None:
        # Another store of this marketplace may have made it in this moment.
        return _made(self._client, "Customer", {"DisplayName": name}) or self._find(name)

    def _find(self, name: str) -> str | None:
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        listed = self._client.all("Customer", f" where DisplayName = '{quoted}'")
        return str(listed[0]["Id"]) if listed else None


def _ending(account: str) -> str:
    return f"(Daybook {account})"


def _made(client: QuickBooksClient, entity: str, document: Record) -> str | None:
    """Return the id of a new one; None where another one has its name."""
    try:
        answer: Any = client.call("POST", f"/{entity.lower()}", content=document)
    except QuickBooksFault as error:
        if error.codes & TAKEN:
            return None
        raise
    return str(answer[entity]["Id"])


def _refused(name: str) -> str:
    raise Permanent(f"{TITLE}: {name} is the name of something else: rename that there")
