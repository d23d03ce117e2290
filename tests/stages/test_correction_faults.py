"""Late changes, closed periods, edits and roll backs under faults: the books end as the journals.

Whatever happened on the way, the original and its corrections together are the entry, each
document stands in the organisation once, and nothing that somebody edited was overwritten.
"""

import json
import random
from decimal import Decimal

import pytest

from connectors.errors import BadInput, DaybookError
from pipelines.stages.approvals import EntrySelection, release
from pipelines.stages.roll_back import choose_entries, roll_back
from sandbox.limits import CLOCK
from tests.stages.organisation_books import FIRST_DAY, Books, books

__all__ = ["books"]
FAULTS = ("lost", "503", "cut", "429 1")
STEPS = 14


# Every kind of event and of fault occurs under it.
@pytest.mark.parametrize("seed", [1])
def test_the_books_end_as_the_journals_whatever_happens(books: Books, seed: int) -> None:
    chance = random.Random(seed)
    workspace = books.house.workspace
    price, edited, injected = 20, {}, 0
    books.take(books.settlement())
    books.send()
    for step in range(STEPS):
        faults = [chance.choice((None, None, *FAULTS)) for _ in range(chance.randrange(5))]
        injected += sum(fault is not None for fault in faults)
        books.fault(*faults)
        match chance.choice(("change", "change", "close", "open", "edit", "back", "release")):
            case "change":
                price += 1
                books.take(books.settlement(f"{price}.00"), f"{step}.txt")
            case "close":
                workspace.registry.closed_books.set(["store"], FIRST_DAY, "ann")
            case "open":
                workspace.registry.closed_books.set(["store"], None, "ann")
            case "edit" if books.ledger.live:
                entry = chance.choice(books.ledger.live)
                annotate(books, entry)
                edited[identity(entry)] = json.dumps(entry, default=str)
            case "back":
                attempt_roll_back(books)
            case _:
                let_go(books)
        books.send()
        CLOCK.pass_by(60.0)
    heal(books)
    assert set(books.markers.values()) <= {1}, books.markers
    assert sum(books.ledger.balances().values()) == 0
    for entry in books.ledger.live:
        as_edited = edited.get(identity(entry))
        assert as_edited is None or json.dumps(entry, default=str) == as_edited
    # An edited entry cannot be rolled back, and what was edited keeps its figures: they all count.
    assert books.sales == Decimal(-price - 20)
    assert injected


def identity(entry: dict[str, object]) -> str:
    return str(entry.get("ManualJournalID") or entry.get("Id"))


def annotate(books: Books, entry: dict[str, object]) -> None:
    """Somebody writes a note on a line, there."""
    lines = entry["JournalLines" if books.name == "xero" else "Line"]
    assert isinstance(lines, list)
    lines[0]["Description"] = "ask the accountant"


def attempt_roll_back(books: Books) -> None:
    """Roll everything back, as far as the organisation lets it."""
    workspace = books.house.workspace
    chosen = choose_entries(workspace, "store", "harbour", EntrySelection())
    try:
        roll_back(workspace, "store", "harbour", chosen, "a try", "ann")
    except DaybookError:
        return


def let_go(books: Books) -> None:
    """Release what was rolled back, if anything was."""
    try:
        release(books.house.workspace, books.house.connection, "harbour", EntrySelection(), "ann")
    except BadInput:
        return


def heal(books: Books) -> None:
    """Everything is open and released, and no call goes wrong any more."""
    books.fault()
    books.house.workspace.registry.closed_books.set(["store"], None, "ann")
    for _ in range(4):
        CLOCK.pass_by(60.0)
        let_go(books)
        books.send()
