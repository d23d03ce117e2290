"""The difference between two revisions of an entry, for books that keep the earlier one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.errors import Permanent
from mappings.model import JournalEntry, JournalLine


def difference(before: JournalEntry, after: JournalEntry) -> JournalEntry:
    """Return what brings one revision to the next, account by account; it balances as both do."""
    sums: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    taxes: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    stated: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    kinds: dict[tuple[object, ...], JournalLine] = {}
    for line, sign in _signed(before, after):
        # What tells two lines apart in the program; lines of one kind are one sum there.
        kind = (
            *(line.part, line.account, line.category, line.tax_code, line.settlement_id),
            line.tracking,
        )
        kinds.setdefault(kind, line)
        sums[kind] += sign * line.amount
        taxes[kind] += sign * (line.tax_amount or Decimal(0))
        stated[kind] += sign * (line.amount if line.stated is None else line.stated)
    is_converted = any(line.stated is not None for line, _ in _signed(before, after))
    lines = tuple(
        replace(
            kinds[kind],
            amount=amount,
            tax_amount=taxes[kind] or None,
            stated=stated[kind] if is_converted else None,
        )
        for kind, amount in sums.items()
        if amount or taxes[kind]
    )
    # Both balance by themselves: what does not would be our own mistake, for nobody's books.
    if sum((line.amount for line in lines), Decimal(0)):
        raise Permanent(f"{after.entry_id}: the correction does not balance")
    return replace(after, lines=lines)


def total(entries: Sequence[JournalEntry], of: JournalEntry) -> JournalEntry:
    """Return what several entries leave together, as one that is called and dated as `of`."""
    return replace(of, lines=tuple(line for entry in entries for line in entry.lines))


def _signed(before: JournalEntry, after: JournalEntry) -> Iterable[tuple[JournalLine, int]]:
    yield from ((line, -1) for line in before.lines)
    yield from ((line, 1) for line in after.lines)
