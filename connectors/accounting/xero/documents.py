"""The documents of an entry in Xero: an invoice, its payment into clearing, a journal of payouts.

They are made one after the other, each looked for by its marker before: what a kill leaves undone
is done by whoever looks for the entry next. What Xero refuses half-way is taken back.
"""

from contextlib import AbstractContextManager

from connectors.accounting.half_way import taking_back
from connectors.accounting.target import Holding, Standing, edited_there
from connectors.accounting.xero.client import TITLE
from connectors.accounting.xero.invoice_documents import is_invoice, is_of_one_kind
from connectors.accounting.xero.invoices import XeroInvoices
from connectors.accounting.xero.manual_journals import ManualJournals
from mappings.journal.documents import invoice_lines, payout_journal
from mappings.model import JournalEntry


class XeroDocuments:
    """The documents of entries in one organisation. An entry's ids are joined, the main one first.

    Where no entry has an invoice, it does what its journals do.
    """

    def __init__(self, invoices: XeroInvoices, journals: ManualJournals) -> None:
        """Make documents through both."""
        self._invoices, self._journals = invoices, journals

    def find(
        self, entry: JournalEntry, before: JournalEntry | None, attempt: int = 0
    ) -> Holding | None:
        """Return what there is of a revision, after what is missing of it was made."""
        if not _has_invoice(entry, before):
            return self._journals.find(entry)
        is_invoiced = bool(invoice_lines(entry))
        holding = self._invoices.find(entry) if is_invoiced else self._journals.find(entry)
        if holding is None or not holding.is_intact:
            return holding
        journal = payout_journal(entry) if is_invoiced else None
        beside = self._journals.find(journal) if journal is not None else None
        if beside is not None and not beside.is_intact:
            return Holding(holding.reference, is_intact=False)
        with self._restoring(entry, before, attempt):
            return Holding(self._make(entry, before, attempt), is_intact=True)

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Make an entry's documents."""
        if not _has_invoice(entry, None):
            return self._journals.post(entry, attempt)
        with self._restoring(entry, None, attempt):
            return self._make(entry, None, attempt)

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Bring documents that nobody edited up to a newer revision, in place where they can be."""
        if not _has_invoice(entry, before):
            return self._journals.replace(reference, before, entry, attempt)
        self._check_unchanged(reference, before, entry)
        with self._restoring(entry, before, attempt):
            return self._make(entry, before, attempt)

    def void(self, reference: str, before: JournalEntry) -> None:
        """Void documents that nobody edited, the main one last."""
        main, *beside = reference.split()
        if not is_invoice(main):
            self._journals.void(main, before)
            return
        journal = payout_journal(before)
        if journal is not None:
            for number in beside:
                self._journals.void(number, journal)
        self._invoices.void(main, before)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how the documents stand; they are edited where one alone is gone."""
        main, *beside = reference.split()
        if not is_invoice(main):
            return self._journals.inspect(main, before)
        standing, journal = self._invoices.inspect(main, before), payout_journal(before)
        if standing.state != "intact" or journal is None:
            return standing
        journals = (self._journals.inspect(number, journal) for number in beside)
        if beside and all(each.state == "intact" for each in journals):
            return standing
        return Standing("edited")

    def _make(self, entry: JournalEntry, before: JournalEntry | None, attempt: int) -> str:
        """Make what is missing of a revision, and take out what it has no more; return its ids."""
        references = []
        if invoice_lines(entry):
            invoice = self._invoice(entry, before, attempt)
            self._invoices.pay(invoice, entry, f"payment {attempt}")
            references.append(invoice)
        if (journal := _journal(entry)) is not None:
            references.append(self._journal(journal, before, attempt))
        if before is not None:
            self._take_out(before, entry)
        return " ".join(references)

    def _invoice(self, entry: JournalEntry, before: JournalEntry | None, attempt: int) -> str:
        if before is None or not is_of_one_kind(before, entry):
            return self._invoices.post(entry, attempt)
        if (holding := self._invoices.find(entry)) is not None:
            return holding.reference
        if (held := self._invoices.find(before)) is not None:
            return self._invoices.rewrite(held.reference, entry, f"rewrite {attempt}")
        return self._invoices.post(entry, attempt)

    def _journal(self, journal: JournalEntry, before: JournalEntry | None, attempt: int) -> str:
        if (holding := self._journals.find(journal)) is not None:
            return holding.reference
        earlier = _journal(before) if before is not None else None
        held = self._journals.find(earlier) if earlier is not None else None
        if earlier is None or held is None:
            return self._journals.post(journal, attempt)
        return self._journals.replace(held.reference, earlier, journal, attempt)

    def _take_out(self, before: JournalEntry, entry: JournalEntry) -> None:
        if invoice_lines(before) and not is_of_one_kind(before, entry):
            invoice = self._invoices.find(before)
            if invoice is not None:
                self._invoices.void(invoice.reference, before)
        earlier = _journal(before)
        if earlier is not None and _journal(entry) is None:
            journal = self._journals.find(earlier)
            if journal is not None:
                self._journals.void(journal.reference, earlier)

    def _check_unchanged(self, reference: str, before: JournalEntry, entry: JournalEntry) -> None:
        """Raise `EditedThere` for what somebody edited, and not for what was begun here."""
        main, *beside = reference.split()
        if is_invoice(main):
            self._invoices.check_unchanged(main, before, entry)
        earlier, journal = _journal(before), _journal(entry)
        for number in beside if is_invoice(main) else [main]:
            if earlier is None or self._journals.inspect(number, earlier).state == "intact":
                continue
            if journal is None or self._journals.inspect(number, journal).state != "intact":
                raise edited_there(before, TITLE)

    def _restoring(
        self, entry: JournalEntry, before: JournalEntry | None, attempt: int
    ) -> AbstractContextManager[None]:
        """Take back what was made of a revision where Xero refuses the rest of it."""
        return taking_back(lambda: self._restore(entry, before, attempt))

    def _restore(self, entry: JournalEntry, before: JournalEntry | None, attempt: int) -> None:
        holding = self._invoices.find(entry) if invoice_lines(entry) else None
        if holding is not None and (before is None or not is_of_one_kind(before, entry)):
            self._invoices.void(holding.reference, entry)
        if before is None or not invoice_lines(before):
            return
        # Another key than when it was first written: a repeated answer would change nothing.
        why = f"restored from {entry.revision} {attempt}"
        if holding is not None and is_of_one_kind(before, entry):
            self._invoices.rewrite(holding.reference, before, why)
        if (held := self._invoices.find(before)) is not None:
            self._invoices.pay(held.reference, before, why)


def _has_invoice(entry: JournalEntry, before: JournalEntry | None) -> bool:
    return bool(invoice_lines(entry)) or (before is not None and bool(invoice_lines(before)))


def _journal(entry: JournalEntry) -> JournalEntry | None:
    """Return the journal of an entry: beside its invoice, or all of it."""
    return payout_journal(entry) if invoice_lines(entry) else entry
