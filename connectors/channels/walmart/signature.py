"""The headers that every call to Walmart carries.

Facts: Walmart's OpenAPI document of its token API. The token goes in a header of Walmart's own:
with `Authorization: Bearer` a call is refused.
"""

import uuid

import httpx2

from connectors.http import TokenAuth
from connectors.http.tokens import TokenSource

SERVICE = "Walmart Marketplace"


def correlation() -> dict[str, str]:
    """Return the id that Walmart traces one call by; every call has its own."""
    return {"WM_QOS.CORRELATION_ID": str(uuid.uuid4())}


class WalmartAuth(TokenAuth):
    """A token in Walmart's header, and an id of its own for every sending."""

    def __init__(self, token: TokenSource) -> None:
        """Carry `token` in Walmart's own header."""
        super().__init__(token, "WM_SEC.ACCESS_TOKEN", "{}")

    def _place(self, request: httpx2.Request, token: str) -> None:
        # Here and not once a call: a second sending is another call to Walmart.
        request.headers.update(correlation())
        super()._place(request, token)
