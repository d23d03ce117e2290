"""TikTok Shop's webhooks: one address a type of event and shop."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hooks import Hooks
from sandbox.oauth import Grant
from sandbox.tiktok_answers import error_answer

_PATH = "/event/202309/webhooks"
TYPES = {
    "ORDER_STATUS_CHANGE": "1",
    "PRODUCT_STATUS_CHANGE": "5",
    "SELLER_DEAUTHORIZATION": "6",
    "CANCELLATION_STATUS_CHANGE": "11",
    "RETURN_STATUS_CHANGE": "12",
    "PRODUCT_INFORMATION_CHANGE": "15",
    "PRODUCT_CREATION": "16",
}


class TikTokWebhooks:
    """The webhooks of an application's shops, by cipher; `secret` signs all of them."""

    def __init__(
        self, client_id: str, secret: str, granted: Callable[[Request, bytes], Grant | Response]
    ) -> None:
        self.hooks = Hooks("tiktok", client_id=client_id)
        self._secret, self._granted = secret, granted

    @property
    def routes(self) -> list[Route]:
        """Return the address that is answered."""
        return [Route(_PATH, self._answer, methods=["GET", "PUT", "DELETE"])]

    async def _answer(self, request: Request) -> Response:
        raw = await request.body()
        granted = self._granted(request, raw)
        if isinstance(granted, Response):
            return granted
        shop, data = request.query_params["shop_cipher"], dict[str, Any]()
        if request.method == "GET":
            data["webhooks"] = [
                {"event_type": name, "address": record.url}
                for record in self.hooks.of(shop)
                for name, number in TYPES.items()
                if number in record.topics
            ]
            return JSONResponse({"code": 0, "message": "Success", "data": data})
        body = await request.json()
        number = TYPES.get(body["event_type"])
        if number is None:
            return error_answer(36009004, "Invalid event_type", 400)
        for record in self.hooks.of(shop):
            if number in record.topics:
                del self.hooks.records[record.id]
        if request.method == "PUT":
            self.hooks.add(shop, [number], body["address"], self._secret)
        return JSONResponse({"code": 0, "message": "Success", "data": data})
