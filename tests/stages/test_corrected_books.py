"""What brings the books from what they hold to an entry, without a change of what is closed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from mappings.model import JournalEntry, JournalLine, PostedLine
from pipelines.stages.corrected_books import hash_of, is_taken_back, placed, taken_back

DAY, CLOSED, FIRST_OPEN = date(2026, 3, 2), date(2026, 3, 31), date(2026, 4, 1)


def entry(amount: str, content_hash: str, revision: int = 1) -> JournalEntry:
    sales = JournalLine("activity", "Income:Sales", "sales.principal", -Decimal(amount), 1)
    owed = JournalLine("activity", "Assets:Clearing", "clearing", Decimal(amount), 1, None, "S")
    lines = (sales, owed)
    return JournalEntry("je:s:2026-03-02:USD", "s", DAY, "USD", content_hash, revision, lines)


def as_posted(*entries: JournalEntry | None) -> list[PostedLine]:
    return [
        PostedLine(
            *(each.entry_id, "s", each.business_date, "USD", each.revision, each.content_hash),
            *(line.part, line.account, line.category, line.amount, line.settlement_id),
        )
        for each in entries
        if each is not None
        for line in each.lines
    ]


def sales(*entries: JournalEntry | None) -> Decimal:
    lines = as_posted(*entries)
    return sum((x.amount for x in lines if x.category == "sales.principal"), Decimal(0))


FIRST, SECOND = entry("20", "one"), entry("25", "two", 2)


def test_an_open_day_is_replaced_and_a_closed_one_is_corrected() -> None:
    there = as_posted(FIRST)
    assert placed(FIRST, DAY, there, None) is None
    assert placed(SECOND, DAY, there, None) == SECOND
    correction = placed(SECOND, DAY, there, CLOSED)
    assert correction is not None
    assert (correction.entry_id, correction.business_date) == (f"{FIRST.entry_id}:c2", FIRST_OPEN)
    assert sales(FIRST, correction) == -25
    corrected = as_posted(FIRST, correction)
    assert hash_of(corrected) == "two"
    # Once corrected, it is never replaced, whatever is open by now.
    third = placed(entry("20", "one", 3), DAY, corrected, None)
    assert third is not None
    assert (third.entry_id, third.business_date) == (f"{FIRST.entry_id}:c3", DAY)
    assert sales(FIRST, correction, third) == -20


def test_what_a_closed_day_never_had_is_dated_on_the_first_open_one() -> None:
    late = placed(FIRST, DAY, [], CLOSED)
    assert late == replace(FIRST, business_date=FIRST_OPEN)
    correction = placed(SECOND, DAY, as_posted(late), CLOSED)
    assert sales(late, correction) == -25


def test_a_revision_without_other_figures_is_recorded_by_a_line_of_nothing() -> None:
    same = placed(entry("20", "worded otherwise", 2), DAY, as_posted(FIRST), CLOSED)
    assert same is not None
    assert [line.amount for line in same.lines] == [0]
    assert hash_of(as_posted(FIRST, same)) == "worded otherwise"


def test_what_is_taken_back_comes_to_nothing_and_may_come_again() -> None:
    back = taken_back(as_posted(FIRST), CLOSED)
    there = as_posted(FIRST, back)
    assert (is_taken_back(there), sales(FIRST, back)) == (True, 0)
    again = placed(SECOND, DAY, there, CLOSED)
    assert sales(FIRST, back, again) == -25


def test_a_lost_entry_comes_back_whole_in_the_place_of_its_corrections() -> None:
    correction = placed(SECOND, DAY, as_posted(FIRST), CLOSED)
    lost = as_posted(correction)
    assert hash_of(lost) is None
    assert placed(SECOND, DAY, lost, CLOSED) == SECOND
