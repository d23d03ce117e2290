"""TikTok Shop: signed calls, envelopes whose status says nothing, secrets in a query."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from connectors.accounts.account_choice import Undecided
from connectors.accounts.authorisations import Received, begin, receive
from connectors.accounts.broker import TOKEN, GrantRefused
from connectors.accounts.tokens import Token
from connectors.channels.tiktok.authorisation import TIKTOK
from connectors.channels.tiktok.errors import refusal, token_refusal
from connectors.channels.tiktok.signature import ShopAuth, signature
from connectors.errors import BadInput, ConfigError, DaybookError, Permanent, RateLimited, Transient
from connectors.home.settings import Settings
from connectors.http import AccessRefused
from sandbox.browser import consent
from sandbox.tiktok import SHOPS, TikTok
from tests.connectors.accounts.platforms import Desk, desk

GIFTS, _, DRESDEN, DRESDEN_UK, AUSTIN = (shop.id for shop in SHOPS)


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    with desk("tiktok", quick_home, tmp_path) as opened:
        yield opened


def platform_of(at: Desk) -> TikTok:
    assert isinstance(at.emulator, TikTok)
    return at.emulator


def authorised(at: Desk, account: str, **changed: str) -> Received:
    """A consent of the seller of a shop; `changed` are parameters of the callback."""
    at.register_application()
    at.registry.connections.add(
        "shop", channel="tiktok", name="Shop", timezone="UTC", kind="api", actor="test"
    )
    page = begin(at.accounts, "shop", at.emulator.chosen(account), "browser")
    answer = consent(page, accounts=[at.emulator.picks(account)]) | changed
    return receive(at.accounts, TIKTOK, answer, "browser", "test")


def test_the_official_signatures_come_out() -> None:
    query = [("app_key", "29a39d"), ("timestamp", "1623812664")]
    assert (
        signature("e59af819cc", "/authorization/202309/shops", query, b"")
        == "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"
    )


def test_the_bytes_of_a_body_are_signed_as_they_are_sent() -> None:
    body = b'{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}'
    sign = ShopAuth(
        "68xu9ks5p4i8", "e59af819cc", lambda refused=None: "ROW_token", lambda: 1696909648.9
    )
    cipher = {"shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK"}
    url = "https://api.test/event/202309/webhooks"
    request = next(sign.auth_flow(httpx2.Request("POST", url, params=cipher, content=body)))
    assert request.headers["x-tts-access-token"] == "ROW_token"
    assert request.headers["content-type"] == "application/json"
    assert request.url.params["timestamp"] == "1696909648"
    assert request.url.params["sign"] == (
        "cd0d6268252f4ba293bf7ea4c0a2873bf9beec600d22530638564ab301435f7a"
    )


@pytest.mark.parametrize("status", [200, 401])
def test_a_token_that_ended_is_renewed_whatever_the_status_is(at: Desk, status: int) -> None:
    platform_of(at).refuses_with = status
    slug = at.add(GIFTS)
    at.emulator.expire()
    assert at.accounts.check(slug, actor="test").state == "active"
    platform_of(at).oauth.skew = 8 * 86_400
    at.emulator.expire()
    platform_of(at).oauth.skew = 0
    assert at.accounts.check(slug, actor="test").state == "active"


def test_ends_are_instants(at: Desk) -> None:
    slug = at.add(GIFTS)
    token = Token.from_json(at.accounts.vault.read(slug)[TOKEN])
    assert token.expires_at is not None
    assert token.refresh_expires_at is not None
    assert timedelta(days=6) < token.expires_at - datetime.now(UTC) < timedelta(days=8)
    assert token.refresh_expires_at - datetime.now(UTC) > timedelta(days=300)


def test_the_seller_chooses_where_a_consent_covers_several_shops(at: Desk) -> None:
    received = authorised(at, DRESDEN)
    assert [shop.id for shop in received.choices] == [DRESDEN, DRESDEN_UK]
    at.accounts.verify("shop", DRESDEN, None, "test")
    connection = at.registry.connections.get("shop")
    assert (connection.account["currency"], connection.timezone) == ("EUR", "Europe/Berlin")
    assert at.accounts.access("shop").fields["shop_cipher"] == SHOPS[2].cipher


def test_a_market_does_not_say_where_a_seller_across_the_border_lives(at: Desk) -> None:
    authorised(at, DRESDEN_UK)
    with pytest.raises(Undecided, match="time zone"):
        at.accounts.verify("shop", DRESDEN_UK, None, "test")
    checked = at.accounts.check("shop", account=DRESDEN_UK, timezone="Europe/Berlin", actor="test")
    assert (checked.account["country"], checked.account["currency"]) == ("GB", None)


def test_american_sellers_authorise_on_a_page_of_their_own(at: Desk) -> None:
    assert authorised(at, AUSTIN).missing == "timezone"
    pages = [e.path for e in at.emulator.application.exchanges if "authorize" in e.path]
    assert set(pages) == {"/authorise/us/open/authorize"}


def test_an_answer_for_another_application_is_refused(at: Desk) -> None:
    with pytest.raises(BadInput, match="another application"):
        authorised(at, GIFTS, app_key="somebody-elses")


def test_a_code_that_buys_nothing_is_refused(at: Desk) -> None:
    with pytest.raises(BadInput, match="begin again"):
        authorised(at, GIFTS, code="stolen")


def test_a_creator_has_no_shop(at: Desk) -> None:
    platform_of(at).user_type = 1
    with pytest.raises(BadInput, match="creator's account"):
        authorised(at, GIFTS)


def test_no_secret_is_told_by_a_log_or_an_error(at: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    at.whole_round()
    wrong = at.fields(GIFTS) | {"client_secret": "not-the-secret"}
    with pytest.raises(ConfigError, match="correct its app key and secret") as refused:
        at.accounts.add("tiktok", "My Shop", wrong, actor="test")
    at.emulator.application.script = iter(["cut"] * 9)
    with pytest.raises(Transient) as cut:
        at.add(GIFTS)
    # The platform's own server stands in this process and logs what it is asked.
    ours = [r for r in caplog.records if not r.name.startswith("uvicorn")]
    messages = "\n".join([*(r.getMessage() for r in ours), str(refused.value), str(cut.value)])
    assert "httpcore2" in {r.name.partition(".")[0] for r in ours}
    for word in ("app_secret", "refresh_token=", "not-the-secret"):
        assert word not in messages


def answer(code: int, message: str = "", status: int = 200) -> httpx2.Response:
    request = httpx2.Request("GET", "https://api.test/finance/202309/statements?sign=abc")
    envelope = json.dumps({"code": code, "message": message, "request_id": "2026"})
    return httpx2.Response(status, content=envelope, request=request)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (105001, "", AccessRefused),
        (105002, "Expired credentials.", AccessRefused),
        (105005, "Access denied. The app is not authorized", ConfigError),
        (106001, "signature is invalid", ConfigError),
        (106011, "shop_cipher invalid", ConfigError),
        (106013, "Missing identifier.", ConfigError),
        (36009002, "Too many requests.", RateLimited),
        (36009003, "Internal error. Please try again", Transient),
        (36009004, "timestamp must not be earlier than 5 minutes", ConfigError),
        (36009004, "Invalid app_key query parameter", ConfigError),
        (36009004, "Invalid x-tts-access-token header", AccessRefused),
        (36009004, "page_size is invalid", Permanent),
        (36009033, "Access denied.", ConfigError),
        (12345678, "something new", Permanent),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_code_means_the_same_with_every_status(
    code: int, message: str, expected: type[DaybookError], status: int
) -> None:
    error = refusal(answer(code, message, status))
    assert type(error) is expected
    assert "sign=" not in str(error)


@pytest.mark.parametrize("code", [36004004, 36004005, 98001004, 98001005, 98001006, 105001])
def test_a_grant_that_is_spent_is_no_fault_of_the_application(code: int) -> None:
    assert type(token_refusal(answer(code))) is GrantRefused
    assert token_refusal(answer(0)) is None
