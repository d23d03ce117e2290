"""Webhooks of accounting organisations, which anybody may send: a signature tells who did."""

from datetime import UTC, datetime
from typing import Final

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from connectors.accounting.quickbooks.webhooks import SIGNATURE
from connectors.errors import BadInput, ConfigError
from console.web.context import Console
from pipelines.stages.target_events import receive_quickbooks_events
from pipelines.stages.workspace import Workspace

QUICKBOOKS_EVENTS: Final = "/connect/quickbooks/events"


def add(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @app.post(QUICKBOOKS_EVENTS)
    async def quickbooks_events(request: Request) -> Response:
        body, signature = await request.body(), request.headers.get(SIGNATURE, "")
        workspace = Workspace(console.settings, console.registry)
        try:
            await run_sync(receive_quickbooks_events, workspace, body, signature, datetime.now(UTC))
        except (BadInput, ConfigError):
            # Nobody is told which part was wrong.
            return JSONResponse({"error": "this is not signed by a connected company"}, 401)
        return Response(status_code=200)
