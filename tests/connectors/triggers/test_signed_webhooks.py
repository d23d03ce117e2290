"""Signatures, retries and templates, against the specification's vector and its own library."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from connectors.errors import BadInput
from connectors.triggers.kinds import event_kind
from connectors.triggers.messages import check_address, scheme_of
from connectors.triggers.retries import MOST_ATTEMPTS, next_attempt
from connectors.triggers.signed_webhooks import (
    check_secret,
    check_webhook_url,
    new_secret,
    signed_headers,
)
from connectors.triggers.templates import LONGEST_TEMPLATE, check_template, render

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ORDER = event_kind("order_submitted")


def test_the_signature_is_that_of_the_vector() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = new_secret()
    check_secret(secret)
    body = b'{"type":"x"}'
    assert Webhook(secret).verify(body, signed_headers(secret, "msg_1", body, datetime.now(UTC)))


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_!" + "a" * 40]
)
def test_a_secret_that_receivers_could_not_use_is_refused(secret: str) -> None:
    with pytest.raises(BadInput, match="24 to 64 bytes in base64"):
        check_secret(secret)


def test_attempts_go_on_for_days_and_then_end() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    at, waits = now, []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        again = next_attempt(attempt, at)
        if again is None:
            break
        waits.append(again - at)
        at = again
    assert attempt == MOST_ATTEMPTS
    assert timedelta(days=3) < at - now < timedelta(days=4)
    assert waits == sorted(waits)
    asked_for = next_attempt(1, now, timedelta(hours=1))
    assert asked_for is not None
    assert now + timedelta(hours=1) <= asked_for < now + timedelta(hours=2)
    bounded = next_attempt(1, now, timedelta(days=400))
    assert bounded is not None
    assert bounded <= now + timedelta(days=1.25)


def test_templates_print_fields_and_nothing_else() -> None:
    fields = {field.name: field.example for field in ORDER.documented.values()}
    text = (
        "{{ order_number }} of {{ amount }} {{ currency }}: {{ skus | join(', ') }}"
        "{% if is_first_order %}, the first{% endif %}{{ ' to ' ~ country if country }}"
    )
    check_template(text, ORDER, "body")
    assert render(text, fields, "body") == (
        "#1042 of 129.90 EUR: MUG-BLUE, MUG-RED, the first to DE"
    )
    assert render("[{{ country }}]", {**fields, "country": None}, "body") == "[]"
    refusals = [
        ("{{ email }}", "body: an event order_submitted has no field email; there are: event_id"),
        ("{{ amount", "unexpected end of template"),
        ("{{ ''.__class__ }}", "getattr is not allowed"),
        ("{{ amount['x'] }}", "getitem is not allowed"),
        ("{{ range(9) }}", "call is not allowed"),
        ("{% for a in skus %}{{ a }}{% endfor %}", "for is not allowed"),
        ("{{ 'x' * 99999999999 }}", "mul is not allowed"),
        ("{{ 9 ** 9 ** 9 }}", "pow is not allowed"),
        ("{% set x = 1 %}", "assign is not allowed"),
        ("{% include 'x' %}", "include is not allowed"),
        ("{{ amount | center(999999999) }}", "there is no filter center"),
        ("{{ amount | join(amount) }}", "join is for a list"),
        ("{{ skus | join('" + "x" * 7_900 + "') ~ (skus | join('x' )) }}", None),
        ("x" * (LONGEST_TEMPLATE + 1), "at most 8000 characters"),
    ]
    for refused, message in refusals:
        if message is None:
            check_template(refused, ORDER, "body")
            continue
        with pytest.raises(BadInput, match=message) as error:
            check_template(refused, ORDER, "body")
        assert "\n" not in str(error.value)
    with pytest.raises(BadInput, match="more than 16000 characters"):
        render("{{ amount }}" * 600, {"amount": "1" * 100}, "body")


def test_addresses_are_those_of_people() -> None:
    for address in ("mailtos://ann:secret@example.com", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlaz"):
        check_address(address)
    assert scheme_of("mailtos://ann:secret@example.com") == "mailtos"
    for address, message in (
        ("json://127.0.0.1/", "use an action of type webhook"),
        ("ann@example.com", "no address of Apprise"),
        ("nothing://x", "no address of Apprise"),
    ):
        with pytest.raises(BadInput, match=message):
            check_address(address)
    check_webhook_url("https://hooks.example/x", frozenset())
    check_webhook_url("http://shop.lan/x", frozenset({"shop.lan"}))
    for url in ("http://hooks.example/", "https://ann:pw@hooks.example/", "ftp://x", "https:///x"):
        with pytest.raises(BadInput):
            check_webhook_url(url, frozenset())
