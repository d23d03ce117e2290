"""Entries of the books that stay as they are, and what stands beside them in their place.

A closed day keeps its bytes. What changes it later is an entry of the first open day, with the
difference, under the original's link; so is every later change of an entry that was corrected.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from connectors.accounting.difference import difference
from connectors.lake.windows import ONE_DAY
from mappings.model import CLEARING, JournalEntry, JournalLine, PostedLine, original_of

_NOTHING: Final = hashlib.sha256(b"").hexdigest()
Standing = Mapping[str, Sequence[PostedLine]]


def standing(posted: Iterable[PostedLine]) -> dict[str, list[PostedLine]]:
    """Return what the books hold of each entry: itself, and what corrects it."""
    lines: dict[str, list[PostedLine]] = defaultdict(list)
    for line in posted:
        lines[original_of(line.entry_id)].append(line)
    return lines


def hash_of(lines: Sequence[PostedLine]) -> str | None:
    """Return the content that an entry and its corrections come to; None where some are lost."""
    # A correction is nothing without the entry that it corrects.
    if all(_is_correction(line) for line in lines):
        return None
    # Of one revision: itself, then a correction (`:c2`), then what takes it back (`:v2`).
    newest = max(lines, key=lambda line: (line.revision, line.entry_id))
    return newest.content_hash


def hashes_of(entries: Standing) -> dict[str, str | None]:
    """Return the content of each entry that stands in the books."""
    return {entry_id: hash_of(lines) for entry_id, lines in entries.items()}


def is_taken_back(lines: Sequence[PostedLine]) -> bool:
    """Return whether an entry is in the books, and was taken back on a later day."""
    return bool(lines) and hash_of(lines) == _NOTHING


def placed(
    entry: JournalEntry, day: date, lines: Sequence[PostedLine], closed: date | None
) -> JournalEntry | None:
    """Return what brings the books from what stands there to an entry of a day.

    Itself, where it may take the place of that; else the difference. None where it stands there.
    """
    if hash_of(lines) == entry.content_hash:
        return None
    is_closed = closed is not None and day <= closed
    open_day = closed + ONE_DAY if closed is not None and is_closed else day
    # Lost in part, it comes back whole on its own day: its corrections go with that.
    if lines and hash_of(lines) is None:
        return entry
    if not lines:
        return replace(entry, business_date=open_day)
    if not is_closed and {line.business_date for line in lines} == {day}:
        return entry
    changed = difference(_as_entry(lines, entry), _plain(entry)).lines
    return replace(
        entry,
        entry_id=f"{entry.entry_id}:c{entry.revision}",
        business_date=open_day,
        # One whose figures stay is still another revision, and recorded as that.
        lines=_sorted(changed or (replace(_plain(entry).lines[0], amount=Decimal(0)),)),
    )


def taken_back(lines: Sequence[PostedLine], closed: date) -> JournalEntry:
    """Return what takes an entry of a closed day back, on the first open one."""
    first = lines[0]
    entry_id, revision = original_of(first.entry_id), max(line.revision for line in lines)
    nothing = JournalEntry(
        f"{entry_id}:v{revision}",
        first.connection,
        closed + ONE_DAY,
        first.currency,
        _NOTHING,
        revision,
        (),
    )
    return replace(nothing, lines=_sorted(difference(_as_entry(lines, nothing), nothing).lines))


def _is_correction(line: PostedLine) -> bool:
    return line.entry_id != original_of(line.entry_id)


def _as_entry(lines: Sequence[PostedLine], of: JournalEntry) -> JournalEntry:
    return replace(
        of,
        lines=tuple(
            JournalLine(
                *(line.part, line.account, line.category, line.amount, 0),
                settlement_id=line.settlement_id,
            )
            for line in lines
        ),
    )


def _plain(entry: JournalEntry) -> JournalEntry:
    """Return an entry with what the text of the books is read back with."""
    return replace(
        entry,
        lines=tuple(
            JournalLine(
                *(line.part, line.account, line.category, line.amount, 0),
                settlement_id=line.settlement_id,
            )
            for line in entry.lines
        ),
    )


def _sorted(lines: Iterable[JournalLine]) -> tuple[JournalLine, ...]:
    return tuple(
        sorted(
            lines,
            key=lambda line: (
                *(line.part, line.category == CLEARING, line.account, line.category),
                line.settlement_id or "",
            ),
        )
    )
