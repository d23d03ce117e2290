"""The sales channels: the ninth is one more folder and one more line here."""

from connectors.channels import amazon, ebay, etsy, shopify, square, tiktok, walmart, woocommerce
from connectors.channels.base import Channel
from connectors.errors import BadInput

CHANNELS: dict[str, Channel] = {
    c.name: c
    for c in (
        amazon.CHANNEL,
        ebay.CHANNEL,
        etsy.CHANNEL,
        shopify.CHANNEL,
        square.CHANNEL,
        tiktok.CHANNEL,
        walmart.CHANNEL,
        woocommerce.CHANNEL,
    )
}


def channel(name: str) -> Channel:
    """Return the channel of that name; `BadInput` lists the known ones."""
    try:
        return CHANNELS[name]
    except KeyError:
        names = ", ".join(sorted(CHANNELS))
        raise BadInput(f"there is no channel {name!r}: choose one of {names}") from None
