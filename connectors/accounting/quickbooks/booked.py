"""Entries of a QuickBooks company: those of some days, whoever made them, and those changed.

Facts: Intuit's pages on queries and on change data capture, which looks back thirty days and
answers a thousand objects at most.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from connectors.accounting.target import BookedEntry, BookedLine

JOURNAL_ENTRY: Final = "JournalEntry"
# What else entries of ours become, and other connectors make of a day's or a payout's sales.
OURS: Final = ("SalesReceipt", "RefundReceipt", "Transfer", "Deposit")
SALES: Final = (*OURS, "Invoice")
# A day less than QuickBooks has, as both clocks may differ.
LONGEST_LOOK_BACK: Final = timedelta(days=29)
PAGE: Final = 1000
Call = Callable[..., Any]


class LineFacts(NamedTuple):
    """A line's account, net amount (debits positive), description, and code and amount of tax.

    `tracking` are the ids of its class and location; `is_named` says that somebody gave it a name.
    """

    account: str
    amount: Decimal
    note: str | None
    is_named: bool
    tax_code: str | None
    tax: Decimal
    tracking: tuple[str | None, str | None]


def entries(call: Call, first: date, last: date) -> Iterator[BookedEntry]:
    """Yield journal entries, and other entries of sales, of some days, both included."""
    for kind in (JOURNAL_ENTRY, *SALES):
        yield from (_booked(kind, item) for item in items_of_days(call, kind, first, last))


def items_of_days(call: Call, kind: str, first: date, last: date) -> Iterator[Mapping[str, Any]]:
    """Yield every entity of a kind that is dated within some days, both included."""
    start = 1
    while True:
        question = (
            f"select * from {kind} where TxnDate >= '{first}' and TxnDate <= '{last}' "
            f"startposition {start} maxresults {PAGE}"
        )
        answer = call("GET", "/query", params={"query": question})
        listed = answer.get("QueryResponse", {}).get(kind, ())
        yield from listed
        if len(listed) < PAGE:
            return
        start += PAGE


def kinds_of(references: Collection[str] | None) -> tuple[str, ...]:
    """Return the kinds that entries of ours are of; every kind for None.

    A shop's own receipts would be too many for one answer, where none of ours is a receipt.
    """
    every = (JOURNAL_ENTRY, *OURS)
    if references is None:
        return every
    named = {reference.rpartition("/")[0] or JOURNAL_ENTRY for reference in references}
    return tuple(kind for kind in every if kind in named) or (JOURNAL_ENTRY,)


def changed_since(call: Call, moment: datetime, kinds: Sequence[str]) -> set[str] | None:
    """Return the ids of entries of some kinds that changed or were deleted since.

    None where change data capture does not reach so far, and each entry has to be looked at.
    """
    if datetime.now(UTC) - moment > LONGEST_LOOK_BACK:
        return None
    since = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    query = {"entities": ",".join(kinds), "changedSince": since}
    answer = call("GET", "/cdc", params=query)
    changed = [
        reference_of(kind, item)
        for response in answer["CDCResponse"]
        for listed in response["QueryResponse"]
        for kind in kinds
        for item in listed.get(kind, ())
    ]
    return None if len(changed) >= PAGE else set(changed)


def reference_of(kind: str, item: Mapping[str, Any]) -> str:
    """Return what an entry is called on record: a journal entry's id, others' with their kind."""
    number = str(item["Id"])
    return number if kind == JOURNAL_ENTRY else f"{kind}/{number}"


def is_matched(held: Mapping[str, Any]) -> bool:
    """Return whether an entry is linked with another one, as a bank line that was matched.

    UNCONFIRMED that QuickBooks shows every match; it refuses to delete a matched entry (6480).
    """
    linked = [held.get("LinkedTxn"), *(line.get("LinkedTxn") for line in held.get("Line", ()))]
    return any(linked)


def _booked(kind: str, item: Mapping[str, Any]) -> BookedEntry:
    customer = (item.get("CustomerRef") or {}).get("name")
    described = [line.get("Description") for line in item.get("Line", ())]
    words = (item.get("DocNumber"), item.get("PrivateNote"), customer, *described)
    text = " ".join(word for word in words if word)
    day = date.fromisoformat(item["TxnDate"])
    if kind != JOURNAL_ENTRY:
        return BookedEntry(reference_of(kind, item), kind, day, text)
    facts = (line_facts(line) for line in item.get("Line", ()))
    lines = tuple(BookedLine(fact.account, fact.amount, fact.note or "") for fact in facts)
    return BookedEntry(str(item["Id"]), "journal", day, text, lines)


def line_facts(line: Mapping[str, Any]) -> LineFacts:
    """Return what tells a line from another one."""
    detail = line.get("JournalEntryLineDetail", {})
    amount = Decimal(str(line["Amount"]))
    return LineFacts(
        account=str(detail.get("AccountRef", {}).get("value")),
        amount=amount if detail.get("PostingType") == "Debit" else -amount,
        note=line.get("Description"),
        is_named="Entity" in detail,
        tax_code=detail.get("TaxCodeRef", {}).get("value"),
        tax=Decimal(str(detail.get("TaxAmount") or 0)),
        tracking=(
            detail.get("ClassRef", {}).get("value"),
            detail.get("DepartmentRef", {}).get("value"),
        ),
    )
