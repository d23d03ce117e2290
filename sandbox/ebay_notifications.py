"""eBay's Notification API: the public key that its notifications are signed with."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.oauth import Grant
from sandbox.webhooks import EBAY_KEY

BASE = "/commerce/notification/v1"


class EBayNotifications:
    """Notifications of one application; `holder` returns whose token a call carries."""

    def __init__(self, holder: Callable[[Request], Grant | Response]) -> None:
        self._holder = holder

    @property
    def routes(self) -> list[Route]:
        """Return the addresses that are answered."""
        return [Route(f"{BASE}/public_key/{{key}}", self._public_key)]

    async def _public_key(self, request: Request) -> Response:
        grant = self._holder(request)
        if isinstance(grant, Response):
            return grant
        if grant.accounts or request.path_params["key"] != EBAY_KEY.id:
            return JSONResponse({"errors": [{"errorId": 195003}]}, 404)
        return JSONResponse({"key": EBAY_KEY.public, "algorithm": "ECDSA", "digest": "SHA1"})
