"""`python -m console.web`: the console as a program of its own; `daybook up` runs it."""

from contextlib import suppress
from typing import Annotated

import typer
import uvicorn

from connectors.database.registry import Registry
from connectors.home.settings import settings
from connectors.home.web_server import WebServer
from console.exit_codes import exit_code
from console.web.app import build
from console.web.context import Console
from console.web.protocol import CONNECTIONS, LONGEST_HEADERS, LONGEST_MESSAGE, BoundedProtocol

# Pages that stay open (sockets) must not keep it from stopping.
STOP_SECONDS = 3

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="the address to listen on")],
    port: Annotated[int, typer.Option(help="the port to listen on")],
    dagster: Annotated[
        str | None, typer.Option(help="where the Dagster UI listens: unix:PATH")
    ] = None,
    books: Annotated[str | None, typer.Option(help="where Fava listens: unix:PATH")] = None,
) -> None:
    """Serve the console over the home until it is interrupted."""
    with Registry.open(settings()) as registry:
        config = uvicorn.Config(
            build(Console(settings(), registry, dagster, books)),
            host=host,
            port=port,
            # Addresses of callbacks carry codes, which no log may hold.
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            http=BoundedProtocol,
            h11_max_incomplete_event_size=LONGEST_HEADERS,
            limit_concurrency=CONNECTIONS,
            ws_max_size=LONGEST_MESSAGE,
        )
        with suppress(KeyboardInterrupt):
            WebServer(config).run()


if __name__ == "__main__":
    raise SystemExit(exit_code(app))
