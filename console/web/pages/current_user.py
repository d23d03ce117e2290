"""The user of a page: checked again at every action, for as long as the page is open."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from fastapi import Request
from nicegui import run, ui

from connectors.database.registry import SignedIn
from connectors.errors import DaybookError
from connectors.home.redaction import redacted
from console.roles import PERMISSIONS, Permission
from console.web.context import Console
from console.web.sessions import confirmed

_T = TypeVar("_T")
Kind = Literal["positive", "negative", "warning", "info"]
_served: list[Console] = []


def serve(console: Console) -> None:
    """Set the console whose pages this process shows."""
    # NiceGUI registers page functions globally, so the console they serve is global, too.
    _served[:] = [console]


@dataclass
class CurrentUser:
    """A signed-in user with a page open, and the notices they have been given there."""

    console: Console
    cookie: str
    who: SignedIn
    notices: list[tuple[str, str]] = field(default_factory=list)
    listeners: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def of(cls, request: Request) -> "CurrentUser":
        """Return whoever asks for a page; the gate has let them in."""
        return cls(_served[0], request.state.cookie, request.state.who)

    def may(self, permission: Permission) -> bool:
        """Return whether their role allows it."""
        return permission in PERMISSIONS[self.who.role]

    def notify(self, text: str, kind: Kind = "positive") -> None:
        """Say something in a toast, and keep it in the list of notices."""
        self.notices.insert(0, (kind, text))
        role = "alert" if kind == "negative" else "status"
        close = [{"label": "Close", "color": "white"}]
        ui.notify(text, type=kind, position="top", actions=close, attrs={"role": role})
        for listener in self.listeners:
            listener()

    async def do(self, permission: Permission, work: Callable[..., _T], *words: Any) -> _T | None:
        """Do some work off the page's thread; None when it failed, which they are told."""
        # Pages stay open for hours: the user may have been signed out or demoted since.
        who = await run.io_bound(self.console.sessions.who, self.cookie)
        if who is None:
            ui.navigate.to("/sign-in")
            return None
        self.who = who
        if not self.may(permission):
            self.notify(f"a {who.role} may not do this", "negative")
            return None
        try:
            return await run.io_bound(work, *words)
        except DaybookError as error:
            self.notify(redacted(str(error)), "negative")
            return None

    async def confirm(self, why: str = "This action can't be undone") -> bool:
        """Ask for the password again, unless they gave it a moment ago."""
        who = await run.io_bound(self.console.sessions.who, self.cookie)
        if who is not None and confirmed(who):
            return True
        with ui.dialog() as dialog, ui.card():
            ui.label("Confirm your password").classes("text-lg font-bold")
            ui.label(f"{why}.")
            typed = ui.input("Password", password=True)
            typed.props("outlined autofocus bottom-slots").classes("w-full")

            async def go_on() -> None:
                wrong = await self._wrong(typed.value)
                if wrong is None:
                    dialog.submit(True)
                else:
                    typed.props(f'error error-message="{wrong}"')

            typed.on("keydown.enter", go_on)
            with ui.row().classes("justify-end w-full"):
                ui.button("Cancel", on_click=lambda: dialog.submit(None)).props("flat")
                ui.button("Confirm", on_click=go_on).props("text-color=onprimary")
        right = await dialog
        dialog.delete()
        return bool(right)

    async def _wrong(self, password: str) -> str | None:
        """Return what is wrong with a password that was given again; None where nothing is."""
        if not password:
            return "Enter your password"
        try:
            right = await run.io_bound(self.console.sessions.confirm, self.cookie, password)
        except DaybookError as error:
            # Quasar's props are parsed as text: a quote would end the attribute.
            return redacted(str(error)).replace('"', "'")
        return None if right else "The password is wrong"
