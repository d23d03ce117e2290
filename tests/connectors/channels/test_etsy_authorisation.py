"""Etsy: tokens that are replaced, the application's own key, PKCE, members without a shop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.accounts.account_choice import Undecided
from connectors.accounts.authorisations import begin, receive
from connectors.accounts.broker import TOKEN
from connectors.accounts.platforms import platform_named
from connectors.accounts.tokens import Token
from connectors.errors import BadInput, ConfigError
from connectors.home.settings import Settings
from sandbox.browser import consent
from sandbox.etsy import Etsy
from tests.connectors.accounts.platforms import Desk, desk


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    """A desk in front of Etsy."""
    with desk("etsy", quick_home, tmp_path) as opened:
        yield opened


def etsy(at: Desk) -> Etsy:
    assert isinstance(at.emulator, Etsy)
    return at.emulator


def stored_token(at: Desk, slug: str) -> Token:
    return Token.from_json(at.accounts.vault.read(slug)[TOKEN])


def test_every_renewal_keeps_the_new_refresh_token(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    for _ in range(2):
        before = stored_token(at, slug).refresh_token
        at.emulator.expire()
        at.accounts.check(slug, actor="test")
        after = stored_token(at, slug)
        assert after.previous_refresh_token == before != after.refresh_token
        assert (after.refresh_token or "").startswith("100200300.")


def test_a_code_is_worth_nothing_without_the_verifier(at: Desk) -> None:
    at.register_application()
    at.registry.connections.add(
        "shop", channel="etsy", name="Shop", timezone="UTC", kind="api", actor="test"
    )
    begun = [begin(at.accounts, "shop", {}, "browser") for _ in range(2)]
    answers = [consent(page, accounts=[at.emulator.first]) for page in begun]
    stolen = {**answers[0], "code": answers[1]["code"]}
    with pytest.raises(BadInput, match="does not accept its own code"):
        receive(at.accounts, platform_named("etsy"), stolen, "browser", "test")


def test_a_wrong_shared_secret_is_the_applications_fault(at: Desk) -> None:
    fields = at.fields(at.emulator.first) | {"client_secret": "another"}
    with pytest.raises(ConfigError, match="Etsy does not allow GET /v3/application/users/me"):
        at.accounts.add("etsy", "My Shop", fields, actor="test")


def test_a_member_without_a_shop_cannot_be_connected(at: Desk) -> None:
    fields = at.fields(etsy(at).shopless)
    with pytest.raises(BadInput, match="reaches no account"):
        at.accounts.add("etsy", "My Shop", fields, actor="test")


def test_a_shop_in_the_united_states_chooses_a_time_zone(at: Desk) -> None:
    with pytest.raises(Undecided, match="time zone"):
        at.add(etsy(at).american)
    checked = at.accounts.check("my-shop", timezone="America/Denver", actor="test")
    assert (checked.state, checked.timezone) == ("active", "America/Denver")
