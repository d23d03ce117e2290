"""The console's pages, made with NiceGUI: a module a page, the frame, the user."""

from fastapi import FastAPI

from console.web.context import Console
from console.web.nonces import Nonces


def add(app: FastAPI, console: Console) -> None:
    """Serve the pages; NiceGUI has one set of them a process, so there is one console a process."""
    from nicegui import app as pages
    from nicegui import ui

    from console.web.pages import (
        audit,
        callback,
        connected_stores,
        current_user,
        journal_day,
        mappings,
        problem,
        setup,
    )

    current_user.serve(console)
    callback.add(app, console)
    for page in (connected_stores, setup, mappings, journal_day, problem, audit):
        page.register()
    # Quasar writes the text of buttons in capitals.
    ui.button.default_props("no-caps")
    # What adds a nonce must see pages before they are compressed, so they are not.
    pages.add_middleware(Nonces)
    ui.run_with(
        app,
        title="Daybook",
        dark=None,
        language="en-US",
        show_welcome_message=False,
        gzip_middleware_factory=None,
    )
