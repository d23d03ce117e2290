"""TikTok's shops, and what their sellers grant."""

from dataclasses import dataclass

SCOPES = [
    *("seller.authorization.info", "seller.finance.info"),
    *("seller.order.info", "seller.product.basic"),
]


@dataclass
class TiktokShop:
    """One shop; sellers may have several."""

    id: str
    name: str
    region: str
    seller: str
    world: str = "global"
    seller_type: str = "LOCAL"

    @property
    def cipher(self) -> str:
        """Return how calls name it."""
        return f"ROW_{self.id[::-1]}"


SHOPS = (
    TiktokShop("7495000000000000001", "Harbour Gifts", "GB", "7010000000000000001"),
    TiktokShop("7495000000000000002", "Merlion Toys", "SG", "7010000000000000002"),
    TiktokShop("7495000000000000003", "Dresden Home", "DE", "7010000000000000003"),
    TiktokShop(
        "7495000000000000004", "Dresden UK", "GB", "7010000000000000003", "global", "CROSS_BORDER"
    ),
    TiktokShop("7496000000000000005", "Austin Lights", "US", "7010000000000000005", "us"),
)
