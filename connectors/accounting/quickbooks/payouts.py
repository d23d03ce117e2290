"""A payout as a Transfer or a Deposit of QuickBooks: money that leaves clearing for the bank.

Facts: the XSD of minor version 75. A Transfer has no DocNumber, and no note can be asked for by a
query, so a payout is looked for among those of its day by its mark. A Deposit is never negative:
what goes back to the channel is a Transfer. UNCONFIRMED: that a Deposit wants no tax code outside
the US where it says that none applies.
"""

from typing import Any, Final

from connectors.accounting.quickbooks.booked import items_of_days
from connectors.accounting.quickbooks.classes import QuickBooksTracking
from connectors.accounting.quickbooks.client import QuickBooksClient, Record
from connectors.accounting.quickbooks.forms import (
    amount_of,
    figure_in,
    id_in,
    payout_mark,
    payout_note,
    reference,
)
from mappings.journal.entry_parts import EntryPart
from mappings.model import JournalLine

_DETAIL: Final = "DepositLineDetail"


class _PayoutForm:
    """Transfers and deposits alike are looked for on their day."""

    entity: str

    def __init__(
        self, client: QuickBooksClient, tracking: QuickBooksTracking, country: str | None
    ) -> None:
        """Read nothing yet."""
        self._client, self._tracking, self._country = client, tracking, country

    def candidates(self, part: EntryPart) -> list[Record]:
        """Return what is of this kind and of the payout's day, whoever made it."""
        day = part.entry.business_date
        return list(items_of_days(self._client.call, self.entity, day, day))

    def mark(self, part: EntryPart) -> str:
        """Return the mark of the payout, the same in all revisions."""
        return payout_mark(part)

    def check_taken(self, written: Record, part: EntryPart) -> None:
        """Accept whatever was written: a payout is taken as it is, or refused."""

    def _base(self, part: EntryPart) -> dict[str, Any]:
        return {"TxnDate": str(part.entry.business_date), "PrivateNote": payout_note(part)}

    def _detail(self, line: JournalLine) -> dict[str, Any]:
        return self._tracking.detail(line)


class TransferForm(_PayoutForm):
    """Transfers of one company, from clearing to the payout's account or back."""

    entity = "Transfer"

    def document(self, part: EntryPart) -> dict[str, Any]:
        """Return a transfer as it is sent."""
        origin, account = _accounts(part)
        (line,) = part.others
        return {
            **self._base(part),
            "FromAccountRef": reference(origin),
            "ToAccountRef": reference(account),
            "Amount": amount_of(abs(line.amount)),
            **self._detail(line),
        }

    def is_as_posted(self, held: Record, part: EntryPart) -> bool:
        """Return whether a transfer moves what the part says, on its day."""
        (line,) = part.others
        accounts = id_in(held, "FromAccountRef"), id_in(held, "ToAccountRef")
        return (
            accounts == _accounts(part)
            and figure_in(held, "Amount") == abs(line.amount)
            and held.get("TxnDate") == str(part.entry.business_date)
            and (id_in(held, "ClassRef"), id_in(held, "DepartmentRef")) == self._tracking.ids(line)
        )


class DepositForm(_PayoutForm):
    """Deposits of one company to the payout's account, each with one line, of clearing."""

    entity = "Deposit"

    def document(self, part: EntryPart) -> dict[str, Any]:
        """Return a deposit as it is sent."""
        (line,) = part.others
        detail = {"AccountRef": reference(part.counter.account)}
        tracked = self._detail(line)
        # A location is of the whole deposit, a class of its line.
        location = {n: tracked.pop(n) for n in ("DepartmentRef",) if n in tracked}
        untaxed = {} if self._country == "US" else {"GlobalTaxCalculation": "NotApplicable"}
        return {
            **self._base(part),
            **location,
            **untaxed,
            "DepositToAccountRef": reference(line.account),
            "Line": [
                {
                    "Description": payout_note(part),
                    "Amount": amount_of(line.amount),
                    "DetailType": _DETAIL,
                    _DETAIL: detail | tracked,
                }
            ],
        }

    def is_as_posted(self, held: Record, part: EntryPart) -> bool:
        """Return whether a deposit is of one line, which is what the part says, on its day."""
        (line,) = part.others
        lines = held.get("Line", ())
        detail = lines[0].get(_DETAIL, {}) if len(lines) == 1 else {}
        return (
            id_in(held, "DepositToAccountRef") == line.account
            and id_in(detail, "AccountRef") == part.counter.account
            and figure_in(lines[0], "Amount") == line.amount
            and not held.get("CashBack")
            and held.get("TxnDate") == str(part.entry.business_date)
            and (id_in(detail, "ClassRef"), id_in(held, "DepartmentRef"))
            == self._tracking.ids(line)
        )


def _accounts(part: EntryPart) -> tuple[str, str]:
    """Return the account that a payout is taken from, and the one that gets it."""
    (line,) = part.others
    pair = part.counter.account, line.account
    return pair if line.amount > 0 else (pair[1], pair[0])
