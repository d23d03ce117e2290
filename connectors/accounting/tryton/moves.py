"""A day's entry as a move of a Tryton company.

Facts: trytond_account 8.2. A move is made as a draft and posted by a second call; a posted one is
never edited, and no draft again: what takes it back is a reversal, a move with the opposite lines
whose origin it is. Nothing keeps two moves from having one description, which is where Daybook's
marker stands. So moves are looked for first, and a draft that was left is finished. Whatever
arrives late is then a draft and no second entry, as posting is by a draft's own number. (Tryton's
wizard for cancelling does both steps in one call, and would do them twice where that comes twice.)
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.accounting.attachments import Attachment, unattached
from connectors.accounting.dimensions import Dimension, DimensionValue, check_untracked
from connectors.accounting.target import (
    BookedEntry,
    BookedLine,
    ChartAccount,
    EditedThere,
    Holding,
    Opening,
    Standing,
    TaxCode,
    check_postable,
    edited_there,
    line_text,
    marker,
    narration,
)
from connectors.accounting.tryton.company import MOVE, TrytonCompany, chart_account
from connectors.accounting.tryton.rates import rates_of_days
from connectors.accounting.tryton.rpc import TITLE, Record
from connectors.errors import ConfigError, Permanent
from connectors.rates import ExchangeRate
from mappings.journal.suggestions import NewAccount
from mappings.model import JOURNAL, JournalEntry
from mappings.money import coin

_LineFacts = tuple[str, Decimal, str, bool]


class TrytonMoves:
    """The moves of one company. Callers hold one lock a store."""

    # What arrives late is a draft, and is finished or deleted.
    late_seconds = 0.0
    takes = frozenset((JOURNAL,))

    def __init__(self, opening: Opening) -> None:
        """Open a company."""
        self._company = TrytonCompany(opening.access)
        self._stores, self._currency = opening.stores, opening.currency

    def check(self) -> None:
        """Raise where Tryton does not answer for the company, or lacks a journal or periods."""
        self._company.check()

    def accounts(self) -> list[ChartAccount]:
        """Return the company's chart, by code."""
        return [chart_account(each) for each in self._company.accounts.values()]

    def create_account(self, account: NewAccount) -> ChartAccount:
        """Raise `ConfigError`: an account needs a type of the company's own chart."""
        raise ConfigError(f"make the account {account.name} in {TITLE}, with a type of your chart")

    def tax_codes(self) -> list[TaxCode]:
        """Return none: a move has its tax on lines of its own."""
        return []

    def currencies(self) -> frozenset[str] | None:
        """Return None: there are no invoices."""
        return None

    def exchange_rates(
        self, currencies: Collection[str], days: Collection[date]
    ) -> Iterator[ExchangeRate]:
        """Yield the rates of days that Tryton keeps, each the last one until its day."""
        if self._currency is not None:
            yield from rates_of_days(self._company.rates(), self._currency, currencies, days)

    def dimensions(self) -> list[Dimension]:
        """Return none: lines of moves have no place for any."""
        return []

    def create_value(self, dimension: str, value: str) -> DimensionValue:
        """Raise `ConfigError`, as there are no dimensions."""
        raise ConfigError(f"{TITLE} takes no tracking: {value} of {dimension} cannot be made there")

    def closed_through(self) -> date | None:
        """Return the last day before the first open period; None where the first is open."""
        closed = None
        for period in self._company.periods():
            if period["state"] == "open":
                break
            closed = period["end_date"]
        return closed

    def find(
        self,
        entry: JournalEntry,
        before: JournalEntry | None,
        attempt: int = 0,
        *,
        is_settled: bool = True,
    ) -> Holding | None:
        """Return the posted move with this revision's marker; reversed ones are none."""
        moves = self._company.moves_of(entry.entry_id)
        live = [move for move in self._live(moves) if _is_marked(move, entry)]
        if not live:
            return None
        # A second one is a copy that somebody posted.
        is_intact = len(live) == 1 and _is_as_posted(live[0], entry)
        return Holding(str(live[0]["id"]), is_intact)

    def post(self, entry: JournalEntry, _attempt: int) -> str:
        """Make a move and post it, or finish what is there of it; return its id."""
        return self._bring_up(entry)

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, _attempt: int
    ) -> str:
        """Post a newer revision, and take back the older one, which nobody may have edited."""
        held = self._company.move(int(reference))
        reversals = self._company.originating([int(reference)], "posted")
        # Begun before, it may be taken back already: by Daybook, and not by somebody there.
        if reversals:
            is_ours = any(_void_text(before) in _text(each) for each in reversals)
        else:
            is_ours = held is not None and _is_as_posted(held, before)
        if not is_ours:
            raise edited_there(before, TITLE)
        return self._bring_up(entry)

    def void(self, reference: str, before: JournalEntry) -> None:
        """Take a move back by a reversal; one that has one stays so."""
        moves = self._company.moves_of(before.entry_id)
        live = self._live(moves)
        if any(str(m["id"]) == reference and not _is_as_posted(m, before) for m in live):
            raise edited_there(before, TITLE)
        # A newer revision was begun, and is not wanted any more.
        self._company.delete(move for move in moves if move["state"] == "draft")
        for move in live:
            self._reverse(move)

    def attach(self, reference: str, files: Sequence[Attachment]) -> None:
        """Attach files to a move, each under its name."""
        number = int(reference)
        attached = self._company.attachments(number)
        for file in unattached(files, attached):
            self._company.attach(number, file.name, file.content)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how a move stands; one that is reversed is gone."""
        move = self._company.move(int(reference))
        if move is None or not self._live([move]):
            return Standing("gone")
        is_matched = any(line["reconciliation"] for line in move["lines."])
        return Standing("intact" if _is_as_posted(move, before) else "edited", is_matched)

    def entries(self, first: date, last: date) -> Iterator[BookedEntry]:
        """Yield the posted moves of some days, whoever made them."""
        for move in self._company.moves_between(first, last):
            lines = tuple(
                BookedLine(account, amount, text)
                for account, amount, text, _ in map(_line_facts, move["lines."])
            )
            yield BookedEntry(str(move["id"]), "move", move["date"], _text(move), lines)

    def changed_since(
        self, _moment: datetime, _references: Collection[str] | None = None
    ) -> set[str] | None:
        """Return None: what is posted is never edited, and a reversal is another move."""
        return None

    def _bring_up(self, entry: JournalEntry) -> str:
        """Leave this revision posted, and no other one of its entry."""
        check_postable(entry, self._currency, TITLE)
        check_untracked(entry, f"moves of {TITLE}")
        if any(line.tax_code for line in entry.lines):
            raise Permanent(
                f"{entry.entry_id} leaves tax to tax codes, which moves of {TITLE} do not take: "
                "write `tax: own_line` in the mapping, and no tax codes"
            )
        moves = self._company.moves_of(entry.entry_id)
        live = self._live(moves)
        arrived = [move for move in live if _is_marked(move, entry)]
        if any(not _is_as_posted(move, entry) for move in arrived):
            raise edited_there(entry, TITLE)
        # Before anything is taken back: a draft that Tryton refuses leaves the books as they are.
        number = int(arrived[0]["id"]) if arrived else self._draft(moves, entry)
        drafts = (move for move in moves if move["state"] == "draft" and move["id"] != number)
        self._company.delete(drafts)
        for move in live:
            if not _is_marked(move, entry):
                self._reverse(move)
        if not arrived:
            self._company.post(number, entry.business_date)
        return str(number)

    def _draft(self, moves: Sequence[Record], entry: JournalEntry) -> int:
        """Return the number of a draft of this revision: one that was left, or a new one."""
        left = [move for move in moves if move["state"] == "draft" and _is_marked(move, entry)]
        for move in left:
            if move["date"] != entry.business_date or _facts(move) != _expected(entry):
                raise EditedThere(
                    f"a draft of {entry.entry_id} was edited in {TITLE}: undo that there, or "
                    "delete the draft"
                )
        if left:
            return int(left[0]["id"])
        lines = [
            {
                "account": self._company.account_id(line.account),
                "description": line_text(line, entry.language),
                **_sides(line.amount.quantize(coin(entry.currency))),
            }
            for line in entry.lines
            if line.amount
        ]
        store = self._stores.get(entry.connection, entry.connection)
        return self._company.create(entry.business_date, narration(entry, store), lines, None)

    def _reverse(self, move: Record) -> None:
        """Post the opposite of a move, with it as the origin."""
        opposite = Counter(
            (a, -amount, t, taken) for a, amount, t, taken in _facts(move).elements()
        )
        drafts = self._company.originating([move["id"]], "draft")
        number = next((draft["id"] for draft in drafts if _facts(draft) == opposite), None)
        if number is None:
            lines = [
                {
                    "account": line["account"],
                    "description": line["description"],
                    **_sides(line["credit"] - line["debit"]),
                }
                for line in move["lines."]
            ]
            name, _, mark = _text(move).rpartition("[")
            # Another bracket: a reversal is no move of the entry.
            text, origin = f"{name}[void {mark}", f"{MOVE},{move['id']}"
            number = self._company.create(move["date"], text, lines, origin)
        self._company.post(number, move["date"])

    def _live(self, moves: Sequence[Record]) -> list[Record]:
        """Return the posted ones of some moves that no posted reversal takes back."""
        posted = [move for move in moves if move["state"] == "posted"]
        reversals = self._company.originating([move["id"] for move in posted], "posted")
        gone = {reversal["origin"] for reversal in reversals}
        return [move for move in posted if f"{MOVE},{move['id']}" not in gone]


def _text(move: Record) -> str:
    return move["description"] or ""


def _void_text(entry: JournalEntry) -> str:
    return f"[void {marker(entry)}]"


def _is_marked(move: Record, entry: JournalEntry) -> bool:
    return f"[{marker(entry)}]" in _text(move)


def _sides(amount: Decimal) -> dict[str, Decimal]:
    """Return the two figures of a line; debits are positive."""
    return {"debit": max(amount, Decimal(0)), "credit": max(-amount, Decimal(0))}


def _is_as_posted(move: Record, entry: JournalEntry) -> bool:
    """Return whether a move is posted, dated, marked and made of lines as the entry's are.

    Lines may come in another order. One that somebody reconciled is theirs.
    """
    return (
        move["state"] == "posted"
        and move["date"] == entry.business_date
        and _is_marked(move, entry)
        and _facts(move) == _expected(entry)
    )


def _expected(entry: JournalEntry) -> Counter[_LineFacts]:
    return Counter(
        (line.account, line.amount, line_text(line, entry.language), False)
        for line in entry.lines
        if line.amount
    )


def _facts(move: Record) -> Counter[_LineFacts]:
    return Counter(map(_line_facts, move["lines."]))


def _line_facts(line: Mapping[str, Any]) -> _LineFacts:
    amount: Decimal = line["debit"] - line["credit"]
    is_taken = bool(line["party"] or line["reconciliation"])
    return str(line["account."]["code"]), amount, line["description"] or "", is_taken
