"""What no document supports any more leaves the books, whatever became of its day."""

from datetime import date

import pytest

from connectors.accounting.beancount import Books
from connectors.lake.windows import Window
from mappings.model import BOOKS
from pipelines.stages.publisher import due
from sandbox.amazon_files import Line, order, report
from tests.channels.house import House

ALWAYS = Window(date.min, date.max)
SECOND, FIFTH = date(2026, 3, 2), date(2026, 3, 5)


def fortnight(*lines: list[Line], **further: str) -> str:
    return report([line for listed in lines for line in listed], **further)


def of_day(day: date, price: str = "20.00") -> list[Line]:
    return order(f"111-0000001-{day:%Y%m%d}", price=price, at=f"{day} 12:00:00 UTC")


def posted(house: House) -> dict[str, str]:
    """The entries of the books and what each comes to."""
    lines = Books(house.settings.books_folder).posted([house.slug])
    return {line.entry_id: line.content_hash for line in lines}


def removable(house: House, window: Window = ALWAYS) -> list[str]:
    return [o.entry_id for o in due(house.workspace, house.connection, window).remove]


@pytest.fixture
def restated(empty: House) -> House:
    """A fortnight that was posted, and its restatement without the lines of one day."""
    empty.take(fortnight(of_day(SECOND), of_day(FIFTH)))
    empty.run()
    assert f"je:store:{FIFTH}:USD" in posted(empty)
    empty.take(fortnight(of_day(SECOND)))
    empty.normalise()
    empty.journal()
    return empty


def test_the_entry_of_a_covered_day_without_lines_is_due_and_goes(restated: House) -> None:
    entry = f"je:store:{FIFTH}:USD"
    outstanding = due(restated.workspace, restated.connection, ALWAYS)
    assert [(o.entry_id, o.business_date, o.currency, o.revision) for o in outstanding.remove] == [
        (entry, FIFTH, "USD", 1)
    ]
    assert entry not in {p.entry_id for p in outstanding.post}
    assert removable(restated, Window(SECOND, FIFTH)) == []
    outcome = restated.publish(ALWAYS)
    assert [o.entry_id for o in outcome.removed] == [entry]
    assert entry not in posted(restated)
    assert removable(restated) == []
    states = restated.workspace.registry.publications.list(BOOKS, [restated.slug], FIFTH)
    assert states[0].state == "voided"
    assert restated.publish(ALWAYS).removed == ()
    assert {proof.state for proof in restated.prove()} == {"tied"}


def test_it_is_asked_of_the_registry_until_it_is_gone(restated: House) -> None:
    registry = restated.workspace.registry
    (orphan,) = registry.publications.unsupported(BOOKS)
    assert (orphan.business_date, orphan.state) == (FIFTH, "posted")
    assert orphan.withdrawn_at is not None
    restated.publish(ALWAYS)
    assert registry.publications.unsupported(BOOKS) == []


def test_an_entry_that_comes_back_before_it_was_removed_stays(restated: House) -> None:
    before = posted(restated)
    restated.take(fortnight(of_day(SECOND), of_day(FIFTH), []).replace("\n", "\r\n"))
    restated.normalise()
    restated.journal()
    assert restated.workspace.registry.publications.unsupported(BOOKS) == []
    assert removable(restated) == []
    restated.publish(ALWAYS)
    assert posted(restated) == before


def test_an_entry_whose_next_revision_was_never_posted_goes_as_well(empty: House) -> None:
    empty.take(fortnight(of_day(SECOND), of_day(FIFTH)))
    empty.run()
    empty.take(fortnight(of_day(SECOND), of_day(FIFTH, "21.00")))
    empty.normalise()
    empty.journal()
    empty.take(fortnight(of_day(SECOND)))
    empty.normalise()
    empty.journal()
    assert removable(empty) == [f"je:store:{FIFTH}:USD"]
    empty.publish(ALWAYS)
    assert f"je:store:{FIFTH}:USD" not in posted(empty)


def test_an_entry_that_nobody_recorded_goes_as_well(restated: House) -> None:
    """The books are older than the registry, or the other way round: what counts is the text."""
    year = restated.settings.books_folder / "connections" / "store" / "2026.beancount"
    before = year.read_bytes()
    restated.publish(ALWAYS)
    year.write_bytes(before)
    entry = f"je:store:{FIFTH}:USD"
    assert removable(restated) == [entry]
    restated.publish(ALWAYS)
    assert entry not in posted(restated)
    assert {proof.state for proof in restated.prove()} == {"tied"}


def test_a_day_that_is_only_lost_keeps_its_entry_until_it_is_built_again(empty: House) -> None:
    empty.take(fortnight(of_day(SECOND), of_day(FIFTH)))
    empty.run()
    before = posted(empty)
    for table in ("transactions", "journal_lines"):
        empty.workspace.lake.partition(table, empty.slug, FIFTH).unlink()
    assert removable(empty) == []
    empty.publish(ALWAYS)
    assert posted(empty) == before
