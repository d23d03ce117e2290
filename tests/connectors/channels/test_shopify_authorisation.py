"""Shopify: which shop, who signed, tokens that rotate, and errors that come in a 200."""

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from connectors.accounts.authorisations import begin, receive
from connectors.accounts.platforms import platform_named
from connectors.accounts.tokens import Token
from connectors.channels.shopify.authorisation import read_shop
from connectors.errors import BadInput, ConfigError, RateLimited, Transient
from connectors.home.settings import Settings
from sandbox.browser import consent
from sandbox.shopify import Shopify
from tests.connectors.accounts.platforms import Desk, desk

ACCESS_TOKEN = "/harbour-coffee.myshopify.com/admin/oauth/access_token"


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    """A desk in front of Shopify."""
    with desk("shopify", quick_home, tmp_path) as opened:
        yield opened


def shopify(at: Desk) -> Shopify:
    assert isinstance(at.emulator, Shopify)
    return at.emulator


def pending(at: Desk) -> str:
    """The page that a new connection to the first shop sends its owner to."""
    at.register_application()
    at.registry.connections.add(
        "shop", channel="shopify", name="Shop", timezone="UTC", kind="api", actor="test"
    )
    return begin(at.accounts, "shop", at.emulator.chosen(at.emulator.first), "browser")


def come_back(at: Desk, parameters: dict[str, str]) -> None:
    receive(at.accounts, platform_named("shopify"), parameters, "browser", "test")


def token(at: Desk, slug: str) -> Token:
    return Token.from_json(at.accounts.vault.read(slug)["token"])


@pytest.mark.parametrize(
    "typed",
    [
        "my-shop",
        "My-Shop.myshopify.com",
        " https://my-shop.myshopify.com/admin ",
        "http://my-shop.myshopify.com?x=1",
        "https://admin.shopify.com/store/my-shop/orders",
    ],
)
def test_a_shop_is_known_by_any_of_its_names(typed: str) -> None:
    assert read_shop(typed) == "my-shop.myshopify.com"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "my shop",
        "-shop",
        "shop.example",
        "my-shop.myshopify.com.evil.example",
        "evil.example/my-shop.myshopify.com",
        "my-shop.myshopify.com@evil.example",
        "my-shop.myshopify.com:8443",
    ],
)
def test_what_is_no_shop_of_shopifys_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match=r"before \.myshopify\.com"):
        read_shop(typed)


@pytest.mark.parametrize(
    "forged",
    [
        {"code": "another"},
        {"shop": "foundry-books.myshopify.com"},
        {"extra": "1"},
        {"hmac": "0" * 64},
        {"hmac": "é"},
    ],
)
def test_a_callback_that_was_changed_on_the_way_is_refused(
    at: Desk, forged: dict[str, str]
) -> None:
    answer = consent(pending(at), accounts=[at.emulator.first])
    with pytest.raises(BadInput, match="did not sign"):
        come_back(at, {**answer, **forged})
    assert ACCESS_TOKEN not in [e.path for e in at.emulator.application.exchanges]


def test_a_signed_callback_of_another_shop_is_refused(at: Desk) -> None:
    answer = consent(pending(at), accounts=[at.emulator.first])
    del answer["hmac"]
    other = {**answer, "shop": "foundry-books.myshopify.com"}
    with pytest.raises(BadInput, match="another shop than harbour-coffee"):
        come_back(at, {**other, "hmac": shopify(at).signature(other)})


def test_values_may_be_signed_unescaped_as_shopifys_older_pages_have_it(at: Desk) -> None:
    answer = consent(pending(at), accounts=[at.emulator.first])
    del answer["hmac"]
    answer["host"] = "YWRtaW4uc2hvcGlmeS5jb20="
    text = "&".join(f"{name}={value}" for name, value in sorted(answer.items()))
    secret = shopify(at).oauth.client_secret.encode()
    signed = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    come_back(at, {**answer, "hmac": signed})
    assert at.registry.connections.get("shop").state == "active"


def test_tokens_of_a_consent_are_asked_to_expire(at: Desk) -> None:
    come_back(at, consent(pending(at), accounts=[at.emulator.first]))
    (bought,) = [e for e in at.emulator.application.exchanges if e.path == ACCESS_TOKEN]
    assert dict(parse_qsl(bought.body.decode()))["expiring"] == "1"
    stored = token(at, "shop")
    assert stored.expires_at is not None
    assert stored.refresh_token is not None
    assert stored.refresh_expires_at is not None
    assert (stored.refresh_expires_at - stored.expires_at).days == 89


def test_a_refresh_whose_answer_is_lost_costs_no_consent(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    before = token(at, slug).refresh_token
    at.emulator.expire()
    faults = at.emulator.application
    faults.only, faults.script = ACCESS_TOKEN, iter(["lost"])
    with pytest.raises(Transient):
        at.accounts.check(slug, actor="test")
    assert token(at, slug).refresh_token == before
    assert at.accounts.check(slug, actor="test").state == "active"
    assert token(at, slug).refresh_token != before


def test_a_custom_apps_token_needs_no_application_and_lasts(at: Desk) -> None:
    typed = {"shop": "harbour-coffee", "access_token": shopify(at).custom_app(at.emulator.first)}
    added = at.accounts.add("shopify", "My Shop", typed, actor="test")
    assert added.account_id == at.emulator.first
    assert at.accounts.check(added.slug, actor="test").state == "active"
    assert token(at, added.slug).expires_at is None
    assert at.accounts.disconnect(added.slug, "test") is None


def test_a_custom_app_that_was_uninstalled_needs_its_owner(at: Desk) -> None:
    typed = {"shop": "harbour-coffee", "access_token": shopify(at).custom_app(at.emulator.first)}
    added = at.accounts.add("shopify", "My Shop", typed, actor="test")
    at.emulator.revoke(at.emulator.first)
    with pytest.raises(ConfigError, match="connect it again"):
        at.accounts.check(added.slug, actor="test")
    assert at.registry.connections.get(added.slug).state == "needs_reauth"


def test_a_full_bucket_says_how_long_to_wait(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    shopify(at).throttled = 1
    with pytest.raises(RateLimited) as limited:
        at.accounts.check(slug, actor="test")
    assert limited.value.retry_after == 2.0
    assert at.accounts.check(slug, actor="test").state == "active"


def test_a_scope_that_is_missing_is_no_reason_to_reconnect(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    shopify(at).lacking_scope = True
    with pytest.raises(ConfigError, match="lacks a scope"):
        at.accounts.check(slug, actor="test")
    assert at.registry.connections.get(slug).state == "active"
