r"""WooCommerce's webhooks: who sent one.

Facts: WooCommerce 9.9.5, class-wc-webhook.php. The raw bytes are signed, with `/` written as `\/`,
so a body that was parsed and written again does not pass. The signature is in
`X-WC-Webhook-Signature`; no time is signed, so a delivery's ID must be remembered against replays.
"""

from connectors.accounts.webhooks import is_signed


def is_the_stores(secret: str, body: bytes, signature: str) -> bool:
    """Return whether the store that knows this secret sent the raw body."""
    return is_signed(secret, body, signature)
