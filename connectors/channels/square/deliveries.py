"""Square's webhooks: who sent one.

Facts: Square's webhook documentation; the address is signed too, as it was registered, letter by
letter. The signature is in `x-square-hmacsha256-signature`.
"""

from connectors.accounts.webhooks import is_signed


def is_squares(signature_key: str, registered_url: str, body: bytes, signature: str) -> bool:
    """Return whether Square signed the raw body of a delivery to this address."""
    return is_signed(signature_key, registered_url.encode() + body, signature)
