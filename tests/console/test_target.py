"""Where a store's entries go is shown and changed at a terminal."""

from tests.console.user import User


def test_a_target_is_shown_and_changed(user: User) -> None:
    assert user("init").code == 0
    with user.opened() as opened:
        registry = opened.registry
        registry.connections.add(
            "mugs", channel="amazon", name="Mugs", timezone="UTC", actor="test"
        )
        registry.connections.add(
            "our-books", channel="xero", name="Our books", timezone="UTC", kind="api", actor="test"
        )
    shown = user("connections", "target", "mugs")
    assert shown.out == "mugs: entries go to The books (Beancount)\n"
    refused = user("connections", "target", "mugs", "our-books")
    assert (refused.code, "no connected accounting organisation" in refused.err) == (2, True)
    with user.opened() as opened:
        opened.registry.connections.pin_account(
            "our-books", "tenant", {"name": "Harbour"}, {}, "UTC", "test"
        )
    changed = user("connections", "target", "mugs", "our-books")
    assert changed.out == "mugs: entries go to Xero: Our books (our-books) and the books\n"
    assert user("connections", "target", "mugs", "--json").json == {
        "connection": "mugs",
        "target": "our-books",
    }
    assert user("connections", "target", "our-books").code == 2
    assert "nothing is imported" in user("connections", "imports", "our-books", "--once").err
    assert user("connections", "target", "mugs", "nowhere").code == 2
    assert user("connections", "target", "mugs", "books").code == 0
