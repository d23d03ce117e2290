"""Webhooks: what a platform signed passes, and nothing that was changed, or is of another time.

What a real WooCommerce store sent is in `tests/contract/test_woocommerce.py`.
"""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.accounts.deliveries import DeliverySupport, Forged, Incoming
from connectors.accounts.platforms import PLATFORMS
from connectors.channels.ebay.deliveries import answer_challenge
from connectors.channels.ebay.public_keys import ASKS_A_MINUTE, KEPT_SECONDS, PublicKeys
from connectors.errors import BadInput
from sandbox.webhooks import EBAY_KEY, Event, Hook, signed
from tests.connectors.accounts.arrivals import NOW, incoming

HEARD = sorted(name for name, each in PLATFORMS.items() if each.deliveries is not None)
SECRETS = {"etsy": "whsec_" + base64.b64encode(b"a secret of 24 characters").decode()}
# A topic of each, and the account that it is of.
TOPICS = {
    "ebay": ("ORDER_CONFIRMATION", "ABC"),
    "etsy": ("order.paid", "4100"),
    "quickbooks": ("qbo.journalentry.updated.v1", "910"),
    "shopify": ("orders/create", "ember.myshopify.com"),
    "square": ("payout.paid", "MLEFBHHSJGVHD"),
    "tiktok": ("1", "7494"),
    "walmart": ("PO_CREATED", "10000000359"),
    "woocommerce": ("order.created", "shop.example"),
    "xero": ("INVOICE.UPDATE", "tenant-1"),
}
# Those whose time is signed: what was sent at another one is not believed.
TIMED = {"etsy", "walmart"}


def support_of(platform: str) -> DeliverySupport:
    support = PLATFORMS[platform].deliveries
    assert support is not None
    return support


def delivered(platform: str, **changes: Any) -> Incoming:
    """What a platform sends, as it arrives."""
    topic, account = TOPICS[platform]
    content = {"id": 7, "url": "https://a/b"}
    if platform == "quickbooks":
        content = {"intuitentityid": "145"}
    event = Event(topic, account, content, id="event-1", at=NOW)
    hook = Hook(
        f"https://books.example/hooks/{platform}/shop",
        SECRETS.get(platform, "a secret of some length"),
        "client-1",
    )
    sending = signed(platform, replace(event, **changes), hook)
    arrived = incoming(sending.headers, sending.body, hook.secret, url=hook.url)
    fields = {"client_id": hook.client_id, "shop": account}
    keys = {EBAY_KEY.id: EBAY_KEY.public}
    return replace(arrived, fields=fields, public_key=lambda key_id: keys.get(key_id, ""))


@pytest.mark.parametrize("platform", HEARD)
def test_what_a_platform_signed_passes_and_nothing_else(platform: str) -> None:
    support, genuine = support_of(platform), delivered(platform)
    (delivery,) = support.read(genuine)
    topic, account = TOPICS[platform]
    assert delivery.topic == topic
    assert "event-1" in delivery.event_id
    # WooCommerce, Shopify and eBay leave it to the address whose event it is.
    assert delivery.account in {None, account}
    assert json.loads(delivery.body)
    # While a secret is replaced, both are good; what comes twice has one id.
    both = replace(genuine, secrets=("another of some length", *genuine.secrets))
    assert support.read(both) == [delivery]
    name = next(n for n in genuine.headers if "signature" in n or "hmac" in n or "auth" in n)
    forged = [
        replace(genuine, body=genuine.body.replace(b"7", b"8", 1) + b" "),
        replace(genuine, body=b""),
        *(
            replace(genuine, headers={**genuine.headers, name: stated})
            for stated in ("", "é", genuine.headers[name][:-4] + "AAA=", "v1,", "bnVsbA==")
        ),
    ]
    if platform != "ebay":
        forged += [replace(genuine, secrets=()), replace(genuine, secrets=("other", ""))]
    if platform in {"square", "walmart"}:
        forged.append(replace(genuine, url=genuine.url + "s"))
    if platform == "shopify":
        forged.append(replace(genuine, fields={"shop": "other.myshopify.com"}))
    for each in forged:
        with pytest.raises(Forged):
            support.read(each)


@pytest.mark.parametrize("platform", sorted(TIMED))
def test_a_signed_time_bounds_replays(platform: str) -> None:
    genuine = delivered(platform)
    for age in (timedelta(minutes=6), timedelta(minutes=-6)):
        with pytest.raises(Forged):
            support_of(platform).read(replace(genuine, now=NOW + age))
    assert support_of(platform).read(replace(genuine, now=NOW + timedelta(minutes=4)))


@pytest.mark.parametrize(
    ("platform", "secret", "url", "headers", "body"),
    [
        pytest.param(
            "square",
            "Ibxx_5AKakO-3qeNVR61Dw",
            "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
            {"x-square-hmacsha256-signature": "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="},
            b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
            b'"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f",'
            b'"created_at":"2022-07-13T20:30:59.037339943Z",'
            b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}',
            id="square's SDKs, 'is valid webhook event signature'",
        ),
        pytest.param(
            "shopify",
            "test-webhook-secret",
            "",
            {
                "x-shopify-hmac-sha256": "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw=",
                "x-shopify-topic": "orders/create",
                "x-shopify-webhook-id": "b54557e4",
                "x-shopify-shop-domain": "shop",
            },
            b'{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}',
            id="sqlpage's tests",
        ),
    ],
)
def test_published_examples_pass(
    platform: str, secret: str, url: str, headers: dict[str, str], body: bytes
) -> None:
    arrived = replace(incoming(headers, body, secret, url=url), fields={"shop": "shop"})
    assert support_of(platform).read(arrived)
    with pytest.raises(Forged):
        support_of(platform).read(replace(arrived, body=body + b" "))


def test_the_example_of_standard_webhooks_is_signed_as_etsy_signs() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    then = datetime.fromtimestamp(1614265330, UTC)
    arrived = replace(incoming(headers, body, secret), now=then)
    # Signed, lately, and yet nothing that Etsy sends.
    with pytest.raises(BadInput, match="no webhook of Etsy"):
        support_of("etsy").read(arrived)
    for changed in (replace(arrived, body=body + b" "), replace(arrived, now=NOW)):
        with pytest.raises(Forged):
            support_of("etsy").read(changed)


# A notice of ours in eBay's form, and a key as eBay hands them out: without line breaks.
EBAY_ID = "0f6b3c1e-5f0a-4b1e-9d52-3c7d1f0e8a11"
NOTICE_KEY = ec.generate_private_key(ec.SECP256R1())
EBAY_PEM = (
    NOTICE_KEY.public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
    .replace("\n", "")
)
EBAY_BODY = json.dumps(
    {
        "metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION", "schemaVersion": "1.0"},
        "notification": {
            "notificationId": "7c1b0a52-2d2f-4d3c-8a56-0d0c3f2f6b90",
            "eventDate": "2026-03-19T20:43:59.462Z",
            "publishDate": "2026-03-19T20:43:59.679Z",
            "publishAttemptCount": 1,
            "data": {"username": "a_buyer", "userId": "u-100200", "eiasToken": "none"},
        },
    },
    separators=(",", ":"),
).encode()


def test_a_notice_that_ebay_signed_passes() -> None:
    signature = NOTICE_KEY.sign(EBAY_BODY, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - as eBay signs
    stated = {
        **{"alg": "ecdsa", "kid": EBAY_ID, "digest": "SHA1"},
        "signature": base64.b64encode(signature).decode(),
    }
    header = base64.b64encode(json.dumps(stated).encode()).decode()
    keys = {EBAY_ID: EBAY_PEM}
    arrived = replace(
        incoming({"X-EBAY-SIGNATURE": header}, EBAY_BODY), public_key=lambda key_id: keys[key_id]
    )
    (delivery,) = support_of("ebay").read(arrived)
    assert delivery.topic == "MARKETPLACE_ACCOUNT_DELETION"
    assert delivery.occurred_at == datetime(2026, 3, 19, 20, 43, 59, 462_000, UTC)
    for changed in (EBAY_BODY.replace(b"u-100", b"u-101"), EBAY_BODY + b"\n"):
        with pytest.raises(Forged):
            support_of("ebay").read(replace(arrived, body=changed))
    expected = hashlib.sha256(b"code" + b"token" + b"https://a/b").hexdigest()
    assert answer_challenge("code", "token", "https://a/b") == {"challengeResponse": expected}


def test_ebays_keys_are_asked_for_once_an_hour_and_a_few_unknown_ones_a_minute() -> None:
    clock, asks = [0.0], list[str]()
    keys = PublicKeys(lambda: clock[0])

    def ask(key_id: str, pem: str | None = None) -> str:
        def from_ebay() -> str | None:
            asks.append(key_id)
            return pem

        return keys.get("host", key_id, from_ebay)

    for _ in range(3):
        assert ask("real", "pem") == "pem"
    assert asks == ["real"]
    for number in range(50):
        with pytest.raises(Forged):
            ask(f"forged-{number}")
    assert len(asks) == ASKS_A_MINUTE
    clock[0] = 61.0
    with pytest.raises(Forged):
        ask("forged-0")
    assert asks[-1] == "forged-0"
    clock[0] = KEPT_SECONDS + 1
    assert ask("real", "newer") == "newer"


@pytest.mark.parametrize("platform", HEARD)
def test_a_signed_body_that_is_none_of_the_platforms_is_refused(platform: str) -> None:
    for body in (b"", b"[]", b"{}", b"7", b'"x"', b'{"source":1,"payload":2,"events":3}'):
        try:
            deliveries = support_of(platform).read(delivered(platform, raw=body))
        except BadInput:
            continue
        # A list without an event tests the address; stores name the rest in headers.
        in_headers = platform in {"shopify", "woocommerce"} and body.startswith(b"{")
        assert in_headers or deliveries == []
