"""Webhooks of WooCommerce stores (wc/v3): listed, made and deleted by keys that may write."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hooks import HookRecord, Hooks
from sandbox.woocommerce_stores import CANNOT_VIEW, WoocommerceStore, error_answer, refused_answer

_PATH = "/{store}/wp-json/wc/v3/webhooks"


class WooWebhooks:
    """The webhooks of the stores of one server; keys that `may_write` not only read."""

    def __init__(self, store_of: Callable[[str], WoocommerceStore]) -> None:
        self.hooks, self.may_write = Hooks("woocommerce"), True
        self._store_of = store_of

    @property
    def routes(self) -> list[Route]:
        """Return the addresses that are answered."""
        return [
            Route(_PATH, self._list, methods=["GET"]),
            Route(_PATH, self._create, methods=["POST"]),
            Route(f"{_PATH}/{{number}}", self._delete, methods=["DELETE"]),
        ]

    async def _list(self, request: Request) -> Response:
        refused = self._refused(request)
        name = request.path_params["store"]
        return refused or JSONResponse([_shape(record) for record in self.hooks.of(name)])

    async def _create(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        body = await request.json()
        name, topics = request.path_params["store"], [body["topic"]]
        record = self.hooks.add(name, topics, body["delivery_url"], body["secret"])
        return JSONResponse(_shape(record), 201)

    async def _delete(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        # WooCommerce has no bin for webhooks.
        if request.query_params.get("force") != "true":
            message = "Webhooks do not support trashing."
            return JSONResponse({"code": "woocommerce_rest_trash", "message": message}, 501)
        return JSONResponse(_shape(self.hooks.records.pop(request.path_params["number"])))

    def _refused(self, request: Request) -> Response | None:
        refused = refused_answer(request, self._store_of(request.path_params["store"]))
        if refused is None and not self.may_write:
            return error_answer(
                CANNOT_VIEW, "The API key provided does not have write permissions."
            )
        return refused


def _shape(record: HookRecord) -> dict[str, Any]:
    (topic,) = record.topics
    resource, _, event = topic.partition(".")
    return {
        "id": int(record.id),
        "name": "Daybook",
        "status": "active" if record.is_active else "disabled",
        "topic": topic,
        "resource": resource,
        "event": event,
        "delivery_url": record.url,
    }
