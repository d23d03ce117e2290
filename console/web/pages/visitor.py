"""Who looks at a page: checked again at everything they do, for as long as the page is open."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from fastapi import Request
from nicegui import run, ui

from connectors.errors import DaybookError
from connectors.redaction import redacted
from connectors.registry import SignedIn
from console.roles import MAY, Deed
from console.web.context import Console
from console.web.sessions import confirmed

_T = TypeVar("_T")
Kind = Literal["positive", "negative", "warning", "info"]
_served: list[Console] = []


def serve(console: Console) -> None:
    """The console whose pages this process shows."""
    _served[:] = [console]


@dataclass
class Visitor:
    """A signed-in person with a page open, and the notices they have been given there."""

    console: Console
    cookie: str
    who: SignedIn
    notices: list[tuple[str, str]] = field(default_factory=list)
    listeners: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def of(cls, request: Request) -> "Visitor":
        """Whoever asks for a page; the gate has let them in."""
        return cls(_served[0], request.state.cookie, request.state.who)

    def may(self, deed: Deed) -> bool:
        """Whether their role allows it."""
        return deed in MAY[self.who.role]

    def notify(self, text: str, kind: Kind = "positive") -> None:
        """Say something in a toast, and keep it in the list of notices."""
        self.notices.insert(0, (kind, text))
        role = "alert" if kind == "negative" else "status"
        close = [{"label": "Close", "color": "white"}]
        ui.notify(text, type=kind, position="top", actions=close, attrs={"role": role})
        for listener in self.listeners:
            listener()

    async def do(self, deed: Deed, work: Callable[..., _T], *words: Any) -> _T | None:
        """Do some work off the page's thread; None when it failed, which they are told."""
        who = await run.io_bound(self.console.sessions.who, self.cookie)
        if who is None:
            ui.navigate.to("/sign-in")
            return None
        self.who = who
        if not self.may(deed):
            self.notify(f"a {who.role} may not do this", "negative")
            return None
        try:
            return await run.io_bound(work, *words)
        except DaybookError as error:
            self.notify(redacted(str(error)), "negative")
            return None

    async def confirm(self) -> bool:
        """Ask for the password again, unless they gave it a moment ago."""
        who = await run.io_bound(self.console.sessions.who, self.cookie)
        if who is not None and confirmed(who):
            return True
        with ui.dialog() as dialog, ui.card():
            ui.label("Your password, please").classes("text-lg font-bold")
            ui.label("This cannot be undone, so we ask again who you are.")
            typed = (
                ui.input("Password", password=True).props("outlined autofocus").classes("w-full")
            )
            with ui.row().classes("justify-end w-full"):
                ui.button("Cancel", on_click=lambda: dialog.submit(None)).props("flat")
                ui.button("Go on", on_click=lambda: dialog.submit(typed.value)).props(
                    "text-color=onprimary"
                )
        password = await dialog
        dialog.delete()
        if not password:
            return False
        try:
            right = await run.io_bound(self.console.sessions.confirm, self.cookie, password)
        except DaybookError as error:
            self.notify(str(error), "negative")
            return False
        if not right:
            self.notify("the password is wrong", "negative")
        return bool(right)
