"""The audit log: who did what to what, newest first."""

import json
from collections.abc import Mapping

from fastapi import Request
from nicegui import run, ui

from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import frame, heading, page

SHOWN = 200


def register() -> None:
    """Add the page; the gate lets nobody but administrators to it."""

    @page("/audit", "Audit log")
    async def audit(request: Request) -> None:
        current_user = CurrentUser.of(request)
        events = await run.io_bound(current_user.console.registry.audit.list, SHOWN) or []
        columns = [
            {"name": name, "label": name.capitalize(), "field": name, "align": "left"}
            for name in ("when", "who", "what", "subject", "detail")
        ]
        rows = [
            {
                "when": f"{event.at:%Y-%m-%d %H:%M:%S}",
                "who": event.actor,
                "what": event.action,
                "subject": event.subject,
                "detail": _told(event.detail),
            }
            for event in events
        ]
        with frame(current_user, "Audit log"):
            heading("Audit log").classes("py-4")
            ui.label(f"The last {SHOWN} actions, newest first. Times are UTC.").classes("pb-2")
            table = ui.table(columns=columns, rows=rows, pagination=25)
            table.classes("w-full").props("wrap-cells flat bordered")


def _told(detail: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {json.dumps(value, default=str)}" for name, value in detail.items())
