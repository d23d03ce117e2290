"""A day's sales, refunds and fees as a SalesReceipt of QuickBooks, or a RefundReceipt.

Facts: the XSD of minor version 75 and Intuit's list of errors. What comes to less than nothing is a
RefundReceipt, as no receipt is negative. Outside the US every line has a tax code where the company
has sales tax (6000). In the US a code is TAX or NON (6100), and QuickBooks computes the tax of TAX
itself. A receipt has one location, and one class a line. UNCONFIRMED: that totals by rate are taken
as they are stated; what became of them is looked at in the answer.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from connectors.accounting.quickbooks import taxes
from connectors.accounting.quickbooks.authorisation import TITLE
from connectors.accounting.quickbooks.classes import QuickBooksTracking
from connectors.accounting.quickbooks.client import QuickBooksClient, Record
from connectors.accounting.quickbooks.forms import (
    amount_of,
    figure_in,
    id_in,
    number_of,
    reference,
    revision_mark,
)
from connectors.accounting.quickbooks.sales_lists import QuickBooksCustomers, QuickBooksItems
from connectors.accounting.target import line_text, narration
from connectors.errors import Permanent
from mappings.journal.entry_parts import EntryPart
from mappings.model import JournalLine

SALES_RECEIPT: Final = "SalesReceipt"
REFUND_RECEIPT: Final = "RefundReceipt"
_DETAIL: Final = "SalesItemLineDetail"
# QuickBooks adds lines of this type to what it answers.
_SUBTOTAL: Final = "SubTotalLineDetail"
_UNTAXED: Final = "NON"


class ReceiptForm:
    """Receipts of one kind of one company in `country`."""

    def __init__(
        self,
        entity: str,
        client: QuickBooksClient,
        tracking: QuickBooksTracking,
        names: tuple[Mapping[str, str], Mapping[str, str]],
        country: str | None,
    ) -> None:
        """Read nothing yet; `names` are those of stores and of marketplaces, by store."""
        self.entity = entity
        self._client, self._tracking, self._country = client, tracking, country
        self._stores, self._marketplaces = names
        self._items, self._customers = QuickBooksItems(client), QuickBooksCustomers(client)
        self._sign = -1 if entity == SALES_RECEIPT else 1

    def document(self, part: EntryPart) -> dict[str, Any]:
        """Return a receipt as it is sent; items and customer that the company lacks are made."""
        entry = part.entry
        self._check_codes(part)
        location = self._location(part)
        marketplace = self._marketplaces.get(entry.connection, entry.connection)
        return {
            "DocNumber": number_of(entry),
            "TxnDate": str(entry.business_date),
            "PrivateNote": narration(entry, self._stores.get(entry.connection, entry.connection)),
            "CustomerRef": reference(self._customers.id_of(marketplace)),
            "DepositToAccountRef": reference(part.counter.account),
            **({"DepartmentRef": reference(location)} if location is not None else {}),
            "Line": [self._line(line, entry.language) for line in part.others],
            **self._tax_of(part),
        }

    def candidates(self, part: EntryPart) -> list[Record]:
        """Return the receipts of a number, which all revisions have."""
        question = f"select * from {self.entity} where DocNumber = '{number_of(part.entry)}'"
        return self._client.query(self.entity, question)

    def mark(self, part: EntryPart) -> str:
        """Return the mark of the entry's revision."""
        return revision_mark(part)

    def is_as_posted(self, held: Record, part: EntryPart) -> bool:
        """Return whether a receipt is of the day, clearing, lines and total of a part."""
        lines = [e for e in held.get("Line", ()) if e.get("DetailType") != _SUBTOTAL]
        return (
            Counter(map(_facts, lines)) == Counter(self._expected(part))
            and id_in(held, "DepositToAccountRef") == part.counter.account
            and id_in(held, "DepartmentRef") == self._location(part)
            and figure_in(held, "TotalAmt") == self._total(part)
            and held.get("TxnDate") == str(part.entry.business_date)
        )

    def check_taken(self, written: Record, part: EntryPart) -> None:
        """Raise `Permanent` where QuickBooks computed another tax than was stated."""
        total, stated = figure_in(written, "TotalAmt"), self._total(part)
        if total != stated:
            raise Permanent(
                f"{TITLE} made {total:.2f} of the receipt of {part.entry.entry_id}, which is "
                f"{stated:.2f}, by the rates of its tax codes: name codes without a rate under "
                "treatments, or use `document: journal`"
            )

    def _total(self, part: EntryPart) -> Decimal:
        return self._sign * sum((line.amount for line in part.others), Decimal(0))

    def _net(self, line: JournalLine) -> Decimal:
        return self._sign * (line.amount - (line.tax_amount or Decimal(0)))

    def _code(self, line: JournalLine) -> str | None:
        return line.tax_code or (_UNTAXED if self._country == "US" else None)

    def _line(self, line: JournalLine, language: str) -> dict[str, Any]:
        net, code = amount_of(self._net(line)), self._code(line)
        tracked = self._tracking.detail(line)
        tracked.pop("DepartmentRef", None)
        return {
            "Description": line_text(line, language),
            "Amount": net,
            "DetailType": _DETAIL,
            _DETAIL: {
                "ItemRef": reference(self._items.id_of(line.account)),
                "Qty": 1,
                "UnitPrice": net,
                **({"TaxCodeRef": reference(code)} if code is not None else {}),
                **tracked,
            },
        }

    def _expected(self, part: EntryPart) -> Iterator[tuple[object, ...]]:
        for line in part.others:
            yield (
                # An account without an item has no line there.
                self._items.known_id(line.account) or f"no item of {line.account}",
                self._net(line),
                line_text(line, part.entry.language),
                self._code(line),
                self._tracking.ids(line)[0],
            )

    def _location(self, part: EntryPart) -> str | None:
        # What is carried to another month has no location of its own.
        locations = {self._tracking.ids(line)[1] for line in part.others} - {None}
        if len(locations) > 1:
            raise Permanent(
                f"{part.entry.entry_id} has lines of several locations, and a receipt of {TITLE} "
                "has one: assign one to every line, or use `document: journal`"
            )
        return next(iter(locations), None)

    def _check_codes(self, part: EntryPart) -> None:
        sold = replace(part.entry, lines=part.others)
        is_coded = any(line.tax_code for line in part.others)
        # A company without sales tax has no codes at all.
        if is_coded or (self._country != "US" and self._has_tax()):
            taxes.check_codes(sold, self._country)

    def _has_tax(self) -> bool:
        return bool(self._client.preferences().get("TaxPrefs", {}).get("UsingSalesTax"))

    def _tax_of(self, part: EntryPart) -> dict[str, Any]:
        if self._country == "US" or not any(line.tax_code for line in part.others):
            return {}
        sold = replace(part.entry, lines=part.others)
        return taxes.totals_of_sale(sold, self._client.tax_rates(), self._sign)


def _facts(line: Record) -> tuple[object, ...]:
    detail = line.get(_DETAIL, {})
    return (
        id_in(detail, "ItemRef"),
        figure_in(line, "Amount"),
        line.get("Description"),
        id_in(detail, "TaxCodeRef"),
        id_in(detail, "ClassRef"),
    )
