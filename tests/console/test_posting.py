"""The switch of posting at a terminal, and what would go to an accounting organisation."""

import pytest

from connectors.accounts.setup import Setup
from mappings.journal.config import MappingConfig
from mappings.taxonomy import chart
from tests.console.user import User


@pytest.fixture
def bookkeeper(synced: User) -> User:
    """Of a house with an organisation, `our-books`, that two of three stores' entries go to."""
    with synced.opened() as opened:
        registry = opened.registry
        registry.connections.add(
            "our-books", channel="xero", name="Our books", timezone="UTC", kind="api", actor="test"
        )
        registry.connections.pin_account(
            "our-books", "tenant", {"name": "Harbour"}, {}, "UTC", "test"
        )
        chosen = Setup(step="done", target="our-books").model_dump(mode="json")
        for slug in ("mugs", "attic"):
            registry.connections.set_setup(slug, chosen, "test")
        numbers = {role: str(100 + n) for n, role in enumerate(chart("books"))}
        config = MappingConfig(chart="organisation", accounts=numbers)
        registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="test", target="our-books"
        )
    return synced


def books(user: User) -> dict[str, bytes]:
    folder = user.settings.books_folder
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*.beancount"))}


def test_it_is_switched_and_what_is_due_is_shown(bookkeeper: User) -> None:
    before = books(bookkeeper)
    preview = ("publish", "--target", "our-books", "--dry-run")
    turn_on = "`daybook connections posting our-books --from DAY` turns it on"
    shown = bookkeeper("connections", "posting", "our-books")
    assert shown.out == f"our-books: posting is off; {turn_on}\n"
    result = bookkeeper(*preview)
    assert (result.code, result.err) == (0, "")
    assert result.lines == [f"0 entries would be posted to our-books: posting is off; {turn_on}"]

    on = bookkeeper("connections", "posting", "our-books", "--from", "2026-03-04")
    assert on.lines == [
        "our-books: posting from 2026-03-04; `daybook publish --target our-books --dry-run` shows "
        "what is due"
    ]
    assert on.err == ""
    cards = bookkeeper("connections", "list", "--json").json["connections"]
    assert {c["connection"]: c["posting"] for c in cards} == {
        **{"attic": None, "crafts": None, "mugs": None},
        "our-books": {"since": "2026-03-04"},
    }
    table = bookkeeper("connections", "list").lines
    assert (table[0].split()[-1], table[-1].endswith("from 2026-03-04")) == ("posting", True)

    march = (*preview, "--to", "2026-03-31")
    # New there, its entries are drafts: neither held nor due, and no bad news.
    drafts = bookkeeper(*march)
    assert (drafts.code, drafts.lines) == (
        0,
        [
            "0 entries would be posted to our-books, of 2026-03-04 and later",
            "4 entries waiting for approval: `daybook publish approve SLUG --target our-books` "
            "lists them",
        ],
    )
    listed = bookkeeper("publish", "approve", "mugs")
    assert listed.lines[:2] == [
        "5 entries of mugs waiting for approval",
        "  je:mugs:2026-03-04:USD: one of the first entries of the store there: approve it to "
        "post it",
    ]
    approve = ("publish", "approve", "--despite-other-entries")
    one = bookkeeper(*approve, "mugs", "--entry", "je:mugs:2026-03-04:USD", "--json")
    assert [e["entry_id"] for e in one.json["approved"]] == ["je:mugs:2026-03-04:USD"]
    assert bookkeeper(*approve, "mugs", "--from", "2026-03-05").code == 0
    automatic = bookkeeper(*approve, "attic", "--automatic-from", "2026-03-04")
    assert automatic.lines[-1] == "entries of 2026-03-04 and later are posted unasked"
    early = bookkeeper(*approve, "attic", "--automatic-from", "2026-03-01")
    assert (early.code, "gets entries from 2026-03-04 on" in early.complaint) == (2, True)
    assert bookkeeper(*march).lines == [
        "4 entries would be posted to our-books, of 2026-03-04 and later",
        "  je:attic:2026-03-04:USD revision 1",
        "  je:attic:2026-03-08:USD revision 1",
        "  je:mugs:2026-03-04:USD revision 1",
        "  je:mugs:2026-03-08:USD revision 1",
    ]
    result = bookkeeper(*march, "mugs", "--json")
    assert [e["entry_id"] for e in result.json["entries"]] == [
        "je:mugs:2026-03-04:USD",
        "je:mugs:2026-03-08:USD",
    ]
    assert (result.json["since"], result.json["held"], result.code) == ("2026-03-04", [], 0)
    assert bookkeeper(*preview, "crafts").lines == [
        "0 entries would be posted to our-books, of 2026-03-04 and later; no store's entries go "
        "there"
    ]

    bookkeeper("connections", "posting", "our-books", "--from", "2026-03-03")
    bookkeeper(*approve, "attic", "--automatic-from", "2026-03-03")
    held = bookkeeper(*march, "attic")
    assert held.code == 1
    assert held.lines[-1].startswith("held: je:attic:2026-03-03:USD: no rule for ")

    # Nobody let Daybook into this organisation: its days fail, and the books go on.
    sent = bookkeeper("publish", "mugs", "--target", "our-books", "--json")
    assert (sent.code, sent.json["ok"], sent.json["entries"]) == (1, False, [])
    assert "our-books" in sent.json["failed"][0]
    off = bookkeeper("connections", "posting", "our-books", "--off", "--json")
    assert off.json == {"connection": "our-books", "since": None}
    assert bookkeeper(*march, "--json").json["entries"] == []
    assert books(bookkeeper) == before


def test_what_cannot_be_is_said_in_a_line(bookkeeper: User) -> None:
    for words, complaint in (
        (("mugs", "--from", "2026-03-04"), "mugs is no accounting organisation"),
        (("our-books", "--from", "1999-01-01"), "1999-01-01 is before 2015-01-01"),
        (("our-books", "--from", "soon"), "'soon' is not a day"),
        (("our-books", "--from", "2026-03-04", "--off"), "give --from or --off, and not both"),
    ):
        result = bookkeeper("connections", "posting", *words)
        assert result.code == 2, result
        assert complaint in result.complaint
    result = bookkeeper("publish", "--target", "mugs", "--dry-run")
    assert result.complaint == "there is no target 'mugs': choose books, our-books"
