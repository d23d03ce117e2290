"""Webhooks: Square's published example passes, and nothing that was changed does.

What a real WooCommerce store sent is in `tests/contract/test_woocommerce.py`.
"""

import pytest

from connectors.channels.square.deliveries import is_squares

# Of Square's SDKs, "is valid webhook event signature".
KEY = "Ibxx_5AKakO-3qeNVR61Dw"
URL = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9"
BODY = (
    b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
    b'"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f",'
    b'"created_at":"2022-07-13T20:30:59.037339943Z",'
    b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
)
SIGNATURE = "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="


def test_squares_own_example_passes() -> None:
    assert is_squares(KEY, URL, BODY, SIGNATURE)


@pytest.mark.parametrize(
    ("key", "url", "body", "signature"),
    [
        ("another key", URL, BODY, SIGNATURE),
        (KEY, URL + "/", BODY, SIGNATURE),
        (KEY, URL, BODY + b" ", SIGNATURE),
        (KEY, URL, BODY, SIGNATURE.lower()),
        (KEY, URL, BODY, ""),
        (KEY, URL, BODY, "é"),
    ],
)
def test_what_was_changed_does_not(key: str, url: str, body: bytes, signature: str) -> None:
    assert not is_squares(key, url, body, signature)
