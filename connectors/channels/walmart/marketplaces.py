"""Walmart's marketplaces: what a seller account has by the one it sells on.

Pay periods close at midnight, Pacific time, in the US and in Canada (marketplacelearn.walmart.com,
"Payment activities" and "Payments period and reports"), so the days of an account are Pacific.
Nothing is published for Mexico, which has several time zones: its sellers choose.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Market:
    """One marketplace; `client_type` is its word on the page that asks for consent."""

    title: str
    client_type: str
    country: str
    currency: str
    timezone: str | None


MARKETS = {
    "us": Market("United States", "seller", "US", "USD", "America/Los_Angeles"),
    "ca": Market("Canada", "seller-ca", "CA", "CAD", "America/Los_Angeles"),
    "mx": Market("Mexico", "seller-mx", "MX", "MXN", None),
}
