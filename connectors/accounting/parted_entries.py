"""Entries in books where each may become several documents, looked for and made one by one.

A kill leaves the first of them, in their order: whoever looks for the entry next makes the rest.
What the books refuse half-way is taken back, so that an entry stands there whole or not at all.
"""

from collections.abc import Sequence
from typing import Protocol

from connectors.accounting.half_way import taking_back
from connectors.accounting.target import EditedThere, Holding, Standing, edited_there
from mappings.journal.entry_parts import EntryPart, entry_parts
from mappings.model import JournalEntry


class PartKeeper(Protocol):
    """The documents of one program, each found, made and taken out by itself.

    `why` is the same until a call was answered, and tells one call from the others of its part.
    """

    def find(self, part: EntryPart) -> Holding | None:
        """Return the document with a part's marker."""

    def post(self, part: EntryPart, why: str) -> str:
        """Make a document; return its id."""

    def replace(self, reference: str, before: EntryPart, part: EntryPart, why: str) -> str:
        """Write a part over the one before it, where nobody edited or matched that."""

    def void(self, reference: str, before: EntryPart) -> None:
        """Take out a document that nobody edited; one that is gone stays so."""

    def inspect(self, reference: str, before: EntryPart) -> Standing:
        """Return how a document stands."""


class PartedEntries:
    """The entries of one organisation. An entry's ids are joined, those of its parts in order."""

    def __init__(self, keeper: PartKeeper, title: str) -> None:
        """Make documents through a keeper; `title` is what the program is called."""
        self._keeper, self._title = keeper, title

    def find(
        self, entry: JournalEntry, before: JournalEntry | None, attempt: int, *, is_settled: bool
    ) -> Holding | None:
        """Return what there is of a revision, after what is missing of it was made.

        None for half of one while `is_settled` is false: what is missing may still arrive.
        """
        parts, earlier = entry_parts(entry), _by_slot(before)
        if len(parts) == 1 and not earlier.keys() - {parts[0].slot}:
            return self._held(parts[0], earlier.get(parts[0].slot))
        held = [self._held(part, earlier.get(part.slot)) for part in parts]
        if held[0] is None:
            return None
        if any(holding is not None and not holding.is_intact for holding in held):
            return Holding(held[0].reference, is_intact=False)
        if not is_settled and None in held:
            return None
        return Holding(self._completed(entry, before, attempt), is_intact=True)

    def _held(self, part: EntryPart, earlier: EntryPart | None) -> Holding | None:
        """Return a part that is there; None also for the one before it, which is to become it."""
        holding = self._keeper.find(part)
        if holding is None or holding.is_intact or earlier is None:
            return holding
        # A payout has one marker for all revisions: it is told by what it says.
        before = self._keeper.find(earlier)
        return None if before is not None and before.is_intact else holding

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Make an entry's documents."""
        parts = entry_parts(entry)
        if len(parts) == 1:
            return self._keeper.post(parts[0], f"post {attempt}")
        return self._completed(entry, None, attempt)

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Bring documents that nobody edited up to a newer revision, in place where they can be."""
        earlier, parts = entry_parts(before), entry_parts(entry)
        if [part.slot for part in earlier] == [part.slot for part in parts] and len(parts) == 1:
            return self._keeper.replace(reference, earlier[0], parts[0], f"replace {attempt}")
        self._check_unchanged(reference, before, entry)
        return self._completed(entry, before, attempt)

    def void(self, reference: str, before: JournalEntry) -> None:
        """Take out documents that nobody edited or matched, the first of them last."""
        pairs = list(zip(reference.split(), entry_parts(before), strict=False))
        if len(pairs) > 1:
            # All before the first goes: half of an entry is worse than the whole.
            for number, part in pairs:
                standing = self._keeper.inspect(number, part)
                if standing.state == "edited":
                    raise edited_there(before, self._title)
                if standing.is_matched:
                    raise matched_there(before, self._title)
        for number, part in reversed(pairs):
            self._keeper.void(number, part)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how the documents stand; they are edited where another than the first is gone."""
        pairs = zip(reference.split(), entry_parts(before), strict=False)
        standings = [self._keeper.inspect(number, part) for number, part in pairs]
        is_matched = any(standing.is_matched for standing in standings)
        if standings[0].state == "gone" or len(standings) == 1:
            return standings[0]
        is_intact = all(standing.state == "intact" for standing in standings)
        return Standing("intact" if is_intact else "edited", is_matched)

    def _completed(self, entry: JournalEntry, before: JournalEntry | None, attempt: int) -> str:
        """Make what is missing of a revision; where it is refused, restore the one before."""

        def restore() -> None:
            # Another key than when it was first made: a repeated answer would change nothing.
            why = f"restored from {entry.revision} {attempt}"
            if before is None:
                self._take_out(entry, ())
            else:
                self._make(before, entry, why)

        with taking_back(restore):
            return self._make(entry, before, f"part {attempt}")

    def _make(self, entry: JournalEntry, before: JournalEntry | None, why: str) -> str:
        parts, earlier = entry_parts(entry), _by_slot(before)
        references = [self._made(part, earlier.get(part.slot), why) for part in parts]
        if before is not None:
            self._take_out(before, parts)
        return " ".join(references)

    def _made(self, part: EntryPart, earlier: EntryPart | None, why: str) -> str:
        holding = self._keeper.find(part)
        if holding is not None and holding.is_intact:
            return holding.reference
        held = self._keeper.find(earlier) if earlier is not None else None
        if earlier is not None and held is not None and held.is_intact:
            return self._keeper.replace(held.reference, earlier, part, why)
        if holding is not None or held is not None:
            raise edited_there(part.entry, self._title)
        return self._keeper.post(part, why)

    def _take_out(self, before: JournalEntry, parts: Sequence[EntryPart]) -> None:
        """Take out the documents of a revision that another one has none in the place of."""
        staying = {part.slot for part in parts}
        for part in reversed(entry_parts(before)):
            holding = self._keeper.find(part) if part.slot not in staying else None
            if holding is not None:
                self._keeper.void(holding.reference, part)

    def _check_unchanged(self, reference: str, before: JournalEntry, entry: JournalEntry) -> None:
        """Raise `EditedThere` for what somebody edited or matched, and is to be changed."""
        newer = _by_slot(entry)
        for number, part in zip(reference.split(), entry_parts(before), strict=False):
            standing, next_part = self._keeper.inspect(number, part), newer.get(part.slot)
            if standing.state == "intact" and not standing.is_matched:
                continue
            # A payout that stays as it is keeps its match, whatever becomes of the day.
            if next_part is None or self._keeper.inspect(number, next_part).state != "intact":
                raise edited_there(before, self._title)


def matched_there(entry: JournalEntry, books: str) -> EditedThere:
    """Return the error of an entry that is matched with a bank line, and cannot be taken out."""
    return EditedThere(
        f"{entry.entry_id} is matched with a bank line in {books}: undo the match there, then try "
        "again"
    )


def _by_slot(entry: JournalEntry | None) -> dict[tuple[str, str], EntryPart]:
    return {} if entry is None else {part.slot: part for part in entry_parts(entry)}
