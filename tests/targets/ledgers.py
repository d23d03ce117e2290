"""The books of each target as the target itself shows them: what a test reads and edits there."""

import csv
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from mappings.taxonomy import chart
from sandbox import quickbooks_documents
from sandbox.xero_books import postings
from tests.tryton import program

# The roles of the entries, in each organisation's own numbers, and another account for sales.
ACCOUNTS = {
    "xero": {"clearing": "1100", "sales": "200", "fee_referral": "404", "payouts": "877"},
    "quickbooks": {"clearing": "51", "sales": "79", "fee_referral": "90", "payouts": "52"},
    "tryton": {"clearing": "1.1.3", "sales": "4.1.1", "fee_referral": "5.2.2", "payouts": "1.1.4"},
    "csv": {role: str(1000 + n) for n, role in enumerate(chart("books"))},
    "hledger": {role: str(1000 + n) for n, role in enumerate(chart("books"))},
}
ACCOUNTS |= {"xero-invoices": ACCOUNTS["xero"], "quickbooks-receipts": ACCOUNTS["quickbooks"]}
OTHER_SALES = {
    **{"xero": "260", "xero-invoices": "260", "tryton": "4.1.2"},
    **{"quickbooks": "91", "quickbooks-receipts": "91"},
    **{"csv": "999", "hledger": "999"},
}
# What stands on each account of a day, debits positive.
DayBalances = dict[date, dict[str, Decimal]]


@dataclass
class Held:
    """The books of a target: how many live entries each day has, and what they leave."""

    entries: Counter[date] = field(default_factory=Counter)
    balances: DayBalances = field(default_factory=lambda: defaultdict(lambda: defaultdict(Decimal)))

    def add(self, day: date, account: str, amount: Decimal) -> None:
        self.balances[day][account] += amount

    def plain(self) -> DayBalances:
        """The balances that are not zero."""
        plain = {d: {a: s for a, s in sums.items() if s} for d, sums in self.balances.items()}
        return {day: sums for day, sums in plain.items() if sums}


@dataclass
class EmulatedBooks:
    """The books of an emulator."""

    name: str
    ledger: Any

    def held(self) -> Held:
        held = Held()
        for entry in self.ledger.live:
            day = date.fromisoformat(entry["day" if self.name == "xero" else "TxnDate"])
            held.entries[day] += 1
            for line in entry["JournalLines" if self.name == "xero" else "Line"]:
                held.add(day, *self._line(line))
        if self.name == "xero":
            self._add_invoices(held)
        else:
            self._add_documents(held)
        return held

    def _add_documents(self, held: Held) -> None:
        """Receipts and payouts of QuickBooks, which are one entry with a journal beside them."""
        ways: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
        for entry in self.ledger.live:
            ways[date.fromisoformat(entry["TxnDate"]), _entry_of(entry)]["journal"] += 1
        for kind, documents in self.ledger.documents.items():
            for item in documents.values():
                day = date.fromisoformat(item["TxnDate"])
                ways[day, _entry_of(item)][f"{kind} {item['PrivateNote'].partition('#')[2]}"] += 1
                for account, amount in quickbooks_documents.postings(kind, item):
                    held.add(day, account, amount)
        held.entries = Counter()
        for (day, _), counts in ways.items():
            held.entries[day] += max(counts.values())

    def _add_invoices(self, held: Held) -> None:
        """Invoices, and their payments; the journal beside one of them is no entry of its own."""
        for item in self.ledger.documents:
            day = date.fromisoformat(item["day"])
            held.entries[day] += 1
            number = item.get("InvoiceNumber") or item["CreditNoteNumber"]
            # One that took the place of a voided one has a suffix.
            number = number.partition("/")[0]
            beside = [j for j in self.ledger.live if f"[{number}]" in j["Narration"]]
            held.entries[day] -= min(len(beside), 1)
            for account, amount in postings(item):
                held.add(day, account, amount)
        for payment in self.ledger.payments:
            if payment["Status"] != "DELETED":
                day, amount = date.fromisoformat(payment["day"]), Decimal(str(payment["Amount"]))
                signed = payment["sign"] * amount
                held.add(day, payment["Account"]["Code"], signed)
                held.add(day, payment["ledger"], -signed)

    def _line(self, line: Mapping[str, Any]) -> tuple[str, Decimal]:
        if self.name == "xero":
            return line["AccountCode"], Decimal(str(line["LineAmount"]))
        detail, amount = line["JournalEntryLineDetail"], Decimal(str(line["Amount"]))
        is_debit = detail["PostingType"] == "Debit"
        return detail["AccountRef"]["value"], amount if is_debit else -amount

    def edit(self, day: date) -> None:
        if self.name == "xero":
            entries = (*self.ledger.documents, *self.ledger.live)
            entry = next(each for each in entries if each["day"] == str(day))
            entry["LineItems" if "LineItems" in entry else "JournalLines"][0]["AccountCode"] = "260"
            return
        receipts = self.ledger.documents["SalesReceipt"].values()
        entries = (*receipts, *self.ledger.live)
        line = next(each for each in entries if each["TxnDate"] == str(day))["Line"][0]
        if "SalesItemLineDetail" in line:
            elsewhere = {"ItemRef": {"value": "99"}, "ItemAccountRef": {"value": "91"}}
            line["SalesItemLineDetail"] |= elsewhere
        else:
            line["JournalEntryLineDetail"]["AccountRef"]["value"] = "91"

    def close(self, day: date | None) -> None:
        setattr(self.ledger, "period_lock" if self.name == "xero" else "close_date", day)

    def clear(self) -> None:
        (self.ledger.journals if self.name == "xero" else self.ledger.entries).clear()
        if self.name == "xero":
            for documents in (self.ledger.invoices, self.ledger.credit_notes, self.ledger.payments):
                documents.clear()
        else:
            for documents in self.ledger.documents.values():
                documents.clear()
        self.ledger.replies.clear()
        self.close(None)

    def use(self, account: str, is_active: bool) -> None:
        """Archive an account, or take it out of the archive."""
        stored = self.ledger.accounts[ACCOUNTS[self.name][account]]
        if self.name == "xero":
            stored["Status"] = "ACTIVE" if is_active else "ARCHIVED"
        else:
            stored["Active"] = is_active


def _entry_of(item: Mapping[str, Any]) -> str:
    """The id of the entry of ours that a document of QuickBooks belongs to."""
    return str(item["PrivateNote"].partition("[")[2].partition("#")[0])


_LIVE = """
SELECT m.date FROM account_move AS m
WHERE m.company = :company AND m.state = 'posted' AND m.origin IS NULL AND NOT EXISTS (
    SELECT FROM account_move AS r
    WHERE r.origin = 'account.move,' || m.id AND r.state = 'posted'
)
"""
_LINES = """
SELECT m.date, a.code, l.debit - l.credit
FROM account_move_line AS l
JOIN account_move AS m ON m.id = l.move
JOIN account_account AS a ON a.id = l.account
WHERE m.company = :company AND m.state = 'posted'
"""
_EDITED = """
UPDATE account_move_line SET account = (
    SELECT id FROM account_account WHERE code = '6.1.1' AND company = :company
) WHERE id = (
    SELECT min(l.id) FROM account_move_line AS l JOIN account_move AS m ON m.id = l.move
    WHERE m.date = :day AND m.origin IS NULL AND m.state = 'posted'
)
"""
_PERIODS = """
UPDATE account_period
SET state = CASE WHEN start_date <= :day THEN 'closed' ELSE 'open' END
WHERE fiscalyear IN (SELECT id FROM account_fiscalyear WHERE company = :company)
"""
_ACCOUNT = "UPDATE account_account SET closed = :closed WHERE code = :code AND company = :company"


@dataclass
class TrytonBooks:
    """The books of a Tryton company, as its database has them."""

    engine: Engine
    administrator: program.Administrator
    company: int = 1

    def held(self) -> Held:
        held = Held()
        for (day,) in self.rows(_LIVE):
            held.entries[day] += 1
        for day, code, amount in self.rows(_LINES):
            held.add(day, code, amount)
        return held

    def rows(self, statement: str, **more: object) -> list[Any]:
        with self.engine.connect() as connection:
            cursor = connection.execute(text(statement), {"company": self.company, **more})
            return list(cursor) if cursor.returns_rows else []

    def edit(self, day: date) -> None:
        # Tryton edits nothing that is posted, so this is a hand in its database.
        self.rows(_EDITED, day=day)

    def close(self, day: date | None) -> None:
        """Periods are months: the one of the day is closed, and those before it."""
        self.rows(_PERIODS, day=day or date(1900, 1, 1))

    def clear(self) -> None:
        for table in ("account_move_line", "account_move"):
            self.rows(f"DELETE FROM {table}")
        self.close(None)

    def use(self, account: str, is_active: bool) -> None:
        self.rows(_ACCOUNT, closed=not is_active, code=ACCOUNTS["tryton"][account])

    def expire(self) -> None:
        self.rows("DELETE FROM ir_session")


_POSTING = re.compile(r"    (\S+) +(-?[\d.]+) [A-Z]{3}")


@dataclass
class ExportedBooks:
    """The files of a store, read as the program that imports them would."""

    name: str
    folder: Path

    def held(self) -> Held:
        held = Held()
        for path in sorted(self.folder.glob("*.*")):
            rows = self._csv(path) if self.name == "csv" else self._journal(path)
            for day, account, amount in rows:
                held.add(day, account, amount)
        held.entries = Counter(dict.fromkeys(held.plain(), 1))
        return held

    def _csv(self, path: Path) -> Iterator[tuple[date, str, Decimal]]:
        for row in csv.DictReader(StringIO(path.read_text())):
            amount = Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
            yield date.fromisoformat(row["Date"]), row["Account"], amount

    def _journal(self, path: Path) -> Iterator[tuple[date, str, Decimal]]:
        written = path.read_text()
        day = date.fromisoformat(written[:10])
        for account, amount in _POSTING.findall(written):
            yield day, account, Decimal(amount)

    def edit(self, day: date) -> None:
        path = next(iter(self.folder.glob(f"{day}*")))
        path.write_bytes(path.read_bytes() + (b"; mine\n" if self.name == "hledger" else b"\r\n"))

    def close(self, day: date | None) -> None:
        """Nothing: the program that imports the files knows its own closed days."""

    def clear(self) -> None:
        shutil.rmtree(self.folder / "documents", ignore_errors=True)
        for path in [*self.folder.glob("*"), self.folder.parent / "checked.journal"]:
            path.unlink(missing_ok=True)

    def check(self) -> None:
        """Have hledger check what is stated of its journals."""
        if shutil.which("hledger") is None:
            pytest.skip("needs hledger: apt-get install hledger")
        checked = self.folder.parent / "checked.journal"
        subprocess.run(["hledger", "-f", str(checked), "check"], check=True)

    def use(self, account: str, is_active: bool) -> None:
        """Nothing: the program that imports the files knows its own accounts."""
