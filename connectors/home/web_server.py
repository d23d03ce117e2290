"""The HTTP server under the console and under Dagster's pages: uvicorn's, that sleeps longer."""

import asyncio
from typing import Final

import uvicorn

# Stock, it wakes ten times a second to see whether it is to stop: a tenth of an idle home's work.
LOOK_SECONDS: Final = 0.5


class WebServer(uvicorn.Server):
    """Uvicorn's server, that looks twice a second whether it is to stop."""

    async def main_loop(self) -> None:
        """Serve until asked to stop."""
        # Every tenth look renews the date that answers carry: here each one does.
        while not await self.on_tick(0):
            await asyncio.sleep(LOOK_SECONDS)
