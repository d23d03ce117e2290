"""Connecting an account of every platform: proven, pinned, checked, reconnected, let go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.accounts.authorisations import begin, receive
from connectors.accounts.broker import STAGED, NeedsReconnection
from connectors.accounts.platform import Denied
from connectors.accounts.platforms import PLATFORMS, platform_named
from connectors.errors import BadInput, ConfigError, RateLimited, Transient
from connectors.home.settings import Settings
from sandbox.browser import consent
from sandbox.platforms import EMULATORS
from tests.connectors.accounts.platforms import Desk, desk

CONSENTING = sorted(name for name in EMULATORS if PLATFORMS[name].consent is not None)
# Tests of what is posted there run Tryton's own server.
REAL = {"tryton"}
RENEWING = sorted(name for name in EMULATORS if PLATFORMS[name].tokens is not None)


def test_every_platform_has_an_emulator() -> None:
    assert set(EMULATORS) == {name for name, found in PLATFORMS.items() if found.endpoints} - REAL


@pytest.fixture
def at(request: pytest.FixtureRequest, quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    """A desk in front of one platform."""
    with desk(request.param, quick_home, tmp_path) as opened:
        yield opened


every = pytest.mark.parametrize("at", sorted(EMULATORS), indirect=True)
consenting = pytest.mark.parametrize("at", CONSENTING, indirect=True)
renewing = pytest.mark.parametrize("at", RENEWING, indirect=True)


def slugs(at: Desk) -> list[str]:
    return [connection.slug for connection in at.registry.connections.list()]


def go_through(at: Desk, slug: str, account: str) -> str:
    """The seller's way: our question, the platform's page, its answer. Gives the slug back."""
    page = begin(at.accounts, slug, at.emulator.chosen(account), "browser")
    answer = consent(page, accounts=[at.emulator.picks(account)])
    received = receive(at.accounts, platform_named(at.name), answer, "browser", "test")
    if received.choices:
        at.accounts.verify(slug, account, None, "test")
    return slug


@every
def test_an_account_is_pinned_as_the_platform_names_it(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    connection = at.registry.connections.get(slug)
    assert (connection.state, connection.kind, connection.account_id) == (
        "active",
        "api",
        at.emulator.first,
    )
    assert connection.account["name"]
    assert len(connection.account["country"]) == 2
    assert len(connection.account["currency"]) == 3
    assert "/" in connection.timezone


@every
def test_no_secret_lies_open_in_the_registry(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    fields = at.fields(at.emulator.first)
    secret = [
        fields[field.name]
        for field in platform_named(at.name).fields
        if field.secret and field.name in fields
    ]
    records = repr(at.registry.connections.get(slug)) + repr(at.registry.audit.list())
    assert [value for value in secret if value in records] == []


@every
def test_the_check_says_who_answers(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    assert at.accounts.check(slug, actor="test").account_id == at.emulator.first


@every
def test_wrong_keys_leave_nothing_behind(at: Desk) -> None:
    fields = at.fields(at.emulator.first)
    at.emulator.revoke(at.emulator.first)
    with pytest.raises(ConfigError) as error:
        at.accounts.add(at.name, "My Shop", fields, account=at.emulator.first, actor="test")
    assert platform_named(at.name).title in str(error.value) or "connect it again" in str(
        error.value
    )
    assert slugs(at) == []
    assert at.accounts.vault.owners() == []


@every
def test_a_field_that_is_missing_is_named(at: Desk) -> None:
    for field in (*platform_named(at.name).account, *platform_named(at.name).keys):
        fields = at.fields(at.emulator.first)
        if not field.required or field.name not in fields:
            continue
        del fields[field.name]
        with pytest.raises(BadInput, match=field.name):
            at.accounts.add(at.name, "My Shop", fields, actor="test")
    with pytest.raises(BadInput, match="has no field colour"):
        at.accounts.add(at.name, "My Shop", {"colour": "red"}, actor="test")
    assert slugs(at) == []


@every
def test_an_account_connects_once(at: Desk) -> None:
    first = at.add(at.emulator.first, "First")
    with pytest.raises(BadInput, match=f"is connected already, as First \\({first}\\)"):
        at.add(at.emulator.first, "Again")
    assert slugs(at) == [first]


@every
def test_another_account_is_refused_when_connecting_again(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    before = at.registry.connections.get(slug)
    with pytest.raises(BadInput, match="this is a different store"):
        at.accounts.reconnect(slug, at.fields(at.emulator.second), actor="test")
    assert at.registry.connections.get(slug) == before
    assert at.accounts.check(slug, actor="test").state == "active"
    assert at.accounts.vault.owners() == [slug]


@every
def test_what_is_revoked_at_the_platform_needs_its_owner_and_is_mended(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    at.emulator.revoke(at.emulator.first)
    with pytest.raises(NeedsReconnection):
        at.accounts.check(slug, actor="test")
    connection = at.registry.connections.get(slug)
    assert connection.state == "needs_reauth"
    assert "rejected the stored" in (connection.reason or "")
    again = at.accounts.reconnect(slug, at.fields(at.emulator.first), actor="test")
    assert (again.slug, again.state, again.reason) == (slug, "active", None)
    assert at.accounts.check(slug, actor="test").state == "active"


@every
def test_a_platform_that_is_down_or_busy_is_no_reason_to_reconnect(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    faults = at.emulator.application
    for script, expected in (
        (["503"] * 9, Transient),
        (["429 7"] * 9, RateLimited),
        (["429"] * 9, RateLimited),
        (["cut"] * 9, Transient),
    ):
        faults.script = iter(script)
        with pytest.raises(expected):
            at.accounts.check(slug, actor="test")
        faults.script = iter(())
        assert at.registry.connections.get(slug).state == "active"
    assert at.accounts.check(slug, actor="test").state == "active"


@renewing
def test_tokens_that_end_are_renewed_on_the_way(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    for _ in range(3):
        at.emulator.expire()
        assert at.accounts.check(slug, actor="test").state == "active"


@renewing
def test_tokens_that_end_by_a_clock_ahead_of_ours_are_renewed_too(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    oauth = at.emulator.oauth  # type: ignore[attr-defined]
    oauth.skew = oauth.access_seconds + 60
    if at.name == "tiktok":
        # Its signatures hold the time.
        with pytest.raises(ConfigError, match="set this computer's time"):
            at.accounts.check(slug, actor="test")
        oauth.skew = 0.0
    assert at.accounts.check(slug, actor="test").state == "active"


@renewing
def test_a_grant_that_has_moved_on_is_kept_until_it_is_finished(at: Desk) -> None:
    fields = at.fields(at.emulator.first)
    at.emulator.application.script = iter([None, *["503"] * 9])
    with pytest.raises(Transient, match="connections check my-shop` goes on from here"):
        at.accounts.add(at.name, "My Shop", fields, account=at.emulator.first, actor="test")
    at.emulator.application.script = iter(())
    assert at.registry.connections.get("my-shop").state == "pending"
    connection = at.accounts.check("my-shop", account=at.emulator.first, actor="test")
    assert (connection.state, connection.account_id) == ("active", at.emulator.first)


@every
def test_disconnecting_tells_the_platform_and_drops_the_credentials(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    problem = at.accounts.disconnect(slug, "test")
    assert problem is None
    assert at.registry.connections.get(slug).state == "disconnected"
    assert at.accounts.vault.owners() == []
    if platform_named(at.name).revoke is not None:
        assert not at.emulator.alive(at.emulator.first)
    at.accounts.reconnect(slug, at.fields(at.emulator.first), actor="test")
    assert at.registry.connections.get(slug).state == "active"


@every
def test_disconnecting_works_while_the_platform_is_down(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    at.emulator.application.script = iter(["503"] * 99)
    problem = at.accounts.disconnect(slug, "test")
    platform = platform_named(at.name)
    if platform.revoke is not None:
        assert "was not notified" in (problem or "")
        assert platform.revocation in (problem or "")
    else:
        assert "can't be told" in platform.leaving
        assert platform.revocation in platform.leaving
    assert at.registry.connections.get(slug).state == "disconnected"
    assert at.accounts.vault.owners() == []


def pending(at: Desk) -> str:
    at.register_application()
    at.registry.connections.add(
        "shop", channel=at.name, name="Shop", timezone="UTC", kind="api", actor="test"
    )
    return "shop"


@consenting
def test_a_consent_connects_the_account(at: Desk) -> None:
    slug = go_through(at, pending(at), at.emulator.first)
    connection = at.registry.connections.get(slug)
    assert (connection.state, connection.account_id) == ("active", at.emulator.first)
    assert at.accounts.check(slug, actor="test").state == "active"
    assert not [owner for owner in at.accounts.vault.owners() if owner.startswith(STAGED)]


@consenting
def test_a_second_consent_reconnects_and_keeps_the_slug(at: Desk) -> None:
    slug = go_through(at, pending(at), at.emulator.first)
    at.emulator.revoke(at.emulator.first)
    with pytest.raises(NeedsReconnection):
        at.accounts.check(slug, actor="test")
    go_through(at, slug, at.emulator.first)
    assert at.accounts.check(slug, actor="test").state == "active"


@consenting
def test_a_consent_of_another_account_is_refused(at: Desk) -> None:
    slug = go_through(at, pending(at), at.emulator.first)
    with pytest.raises(BadInput, match="different store"):
        go_through(at, slug, at.emulator.second)
    assert at.accounts.check(slug, actor="test").account_id == at.emulator.first


@consenting
def test_a_seller_who_says_no_leaves_nothing(at: Desk) -> None:
    slug = pending(at)
    page = begin(at.accounts, slug, at.emulator.chosen(at.emulator.first), "browser")
    answer = consent(page, allow=False)
    with pytest.raises(Denied, match="not granted"):
        receive(at.accounts, platform_named(at.name), answer, "browser", "test")
    assert at.registry.connections.get(slug).state == "pending"
    assert STAGED + slug not in at.accounts.vault.owners()


@consenting
def test_the_answer_of_another_browser_buys_nothing(at: Desk) -> None:
    slug = pending(at)
    page = begin(at.accounts, slug, at.emulator.chosen(at.emulator.first), "browser")
    answer = consent(page, accounts=[at.emulator.picks(at.emulator.first)])
    with pytest.raises(BadInput, match="another browser"):
        receive(at.accounts, platform_named(at.name), answer, "somebody else", "test")
    assert at.registry.connections.get(slug).state == "pending"
