"""Journal entries as Beancount directives: one for the day's activity, one for each payout.

The text of an entry depends on the entry and the display name alone, so that an entry that did
not change keeps its bytes whatever is posted around it.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connectors.accounting.beancount.syntax import (
    aligned,
    checked_account,
    checked_currency,
    distinct,
    is_printable,
    link,
    number,
    quoted,
)
from connectors.errors import Permanent
from mappings.journal import narrations
from mappings.journal.narrations import JOINT
from mappings.model import (
    ACTIVITY,
    CLEARING,
    PAYOUT,
    PROVISIONAL,
    JournalEntry,
    JournalLine,
    day_of,
    original_of,
    settlement_of,
)

# The tag of what is not a payout: a reader of the books filters by it.
_DAILY, _SETTLEMENT, _COSTS = "daily", "settlement", "costs"
ACTIVITY_TAGS = (_DAILY, _SETTLEMENT, _COSTS)
OPENING_DAY = date(2000, 1, 1)
# The balance assertion is dated one day later, and Python's dates end with 9999.
_LAST_YEAR = 9998
_CARRIED = "carried_forward"
HASH_PREFIX = "sha256:"


def render_entry(entry: JournalEntry, name: str) -> tuple[str, ...]:
    """Return the directives of one entry; `name` is the connection's display name.

    Raises Permanent for an entry that does not balance or cannot be written without loss.
    """
    _check_entry(entry)
    activity = [line for line in entry.lines if line.part == ACTIVITY]
    directives = [_activity(entry, name, activity)] if activity else []
    payouts: dict[str, list[JournalLine]] = {}
    for line in entry.lines:
        if line.part == PAYOUT:
            payouts.setdefault(line.settlement_id or "", []).append(line)
    directives += [_payout(entry, name, key, payouts[key]) for key in sorted(payouts)]
    return tuple(directives)


def _activity(entry: JournalEntry, name: str, lines: Sequence[JournalLine]) -> str:
    settlement = settlement_of(entry.entry_id)
    # Readers of the books must see which entries may still change.
    ahead = any((line.settlement_id or "").startswith(PROVISIONAL) for line in lines)
    narration = narrations.activity(
        # What is dated later, as its own day is closed, is still of that day.
        day_of(entry.entry_id) or entry.business_date,
        entry.language,
        settlement=settlement,
        is_provisional=ahead,
        is_of_goods=entry.is_of_goods,
    )
    tag = _COSTS if entry.is_of_goods else _DAILY if settlement is None else _SETTLEMENT
    return _directive(entry, name, narration, tag, entry.entry_id, lines)


def _payout(entry: JournalEntry, name: str, settlement: str, lines: Sequence[JournalLine]) -> str:
    categories = (name for line in lines for name in line.category.split(JOINT))
    is_carried = any(name.rpartition(".")[2] == _CARRIED for name in categories)
    narration = narrations.payout(settlement, entry.language, is_carried=is_carried)
    journal_id = f"po:{entry.connection}:{settlement}:{entry.business_date}"
    return _directive(entry, name, narration, PAYOUT, journal_id, lines)


def _directive(
    entry: JournalEntry,
    name: str,
    narration: str,
    tag: str,
    journal_id: str,
    lines: Sequence[JournalLine],
) -> str:
    total = sum((line.amount for line in lines), Decimal(0))
    if total:
        raise Permanent(f"{journal_id}: its lines sum to {total} {entry.currency}, not to zero")
    settlements = distinct(line.settlement_id for line in lines if line.category == CLEARING)
    original = original_of(entry.entry_id)
    if original != entry.entry_id:
        narration = narrations.correction(narration, entry.language)
    # A correction has the original's link, and one of its own: two of a day may be alike.
    names = distinct(iter((original, entry.entry_id)))
    links = [
        *(f"^{link(n).lower()}" for n in names),
        *(f"^settlement-{link(s)}" for s in settlements),
    ]
    rows = sum(line.transactions for line in lines if line.category != CLEARING)
    text = [
        f"{entry.business_date} * {quoted(name)} {quoted(narration)} #{tag} "
        + " ".join(distinct(iter(links))),
        f"  journal-id: {quoted(journal_id)}",
    ]
    if journal_id != entry.entry_id:
        text.append(f"  entry-id: {quoted(entry.entry_id)}")
    text += [
        f"  revision: {entry.revision}",
        f"  content-hash: {quoted(HASH_PREFIX + entry.content_hash)}",
        f"  settlement-ids: {quoted(', '.join(settlements))}",
        f"  source-rows: {rows}",
    ]
    for line in lines:
        text += _posting(entry, line)
    return "\n".join(text) + "\n"


def _posting(entry: JournalEntry, line: JournalLine) -> list[str]:
    account = checked_account(line.account)
    figures = number(line.amount, entry.currency, entry.entry_id)
    text = [aligned(f"  {account}", figures, entry.currency)]
    text.append(f"    category: {quoted(line.category)}")
    if line.tax_code is not None:
        text.append(f"    tax-code: {quoted(line.tax_code)}")
    if line.tax_treatment is not None and line.tax_country is not None:
        rate = "" if line.tax_rate is None else f" {line.tax_rate.normalize():f} %"
        place = line.tax_country + ("" if line.tax_region is None else f"-{line.tax_region}")
        text.append(f"    tax: {quoted(f'{line.tax_treatment} {place}{rate}')}")
    if line.settlement_id is not None:
        text.append(f"    settlement: {quoted(line.settlement_id)}")
    return text


def _check_entry(entry: JournalEntry) -> None:
    checked_currency(entry.currency, entry.entry_id)
    if not entry.lines:
        raise Permanent(f"{entry.entry_id}: an entry without lines cannot be posted")
    if entry.business_date < OPENING_DAY or entry.business_date.year > _LAST_YEAR:
        raise Permanent(f"{entry.entry_id}: {entry.business_date} lies outside the books' years")
    if entry.revision < 0:
        raise Permanent(f"{entry.entry_id}: revision {entry.revision} is negative")
    for line in entry.lines:
        if line.part not in {ACTIVITY, PAYOUT}:
            raise Permanent(f"{entry.entry_id}: a line's part is {line.part!r}")
        if line.part == PAYOUT and not line.settlement_id:
            raise Permanent(f"{entry.entry_id}: a payout line names no settlement")
        if not is_printable(f"{line.category}{line.tax_code}{line.settlement_id}"):
            raise Permanent(f"{entry.entry_id}: control characters in {line}")
    if not is_printable(entry.entry_id + entry.content_hash):
        raise Permanent(f"{entry.entry_id!r}: control characters in its id or hash")
