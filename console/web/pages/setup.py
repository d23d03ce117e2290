"""Setting a connection up, step by step; each answer is kept when its step is left.

Also how a connection is authorised again and how its import settings are changed: the same steps.
"""

from collections.abc import Mapping

from fastapi import Request
from nicegui import ui

from connectors.accounts.platforms import platform_named
from connectors.accounts.setup import AUTHORISING, OCCASIONAL, STEPS, Setup, Step
from connectors.database.registry import Connection
from connectors.errors import DaybookError
from console import connections
from console.web.pages import setup_account, setup_choices, setup_identity
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import frame, heading, page
from console.web.pages.setup_state import SetupSession, buttons

_TITLES: Mapping[Step, str] = {
    "name": "Name",
    "account": "Account",
    "authorise": "Authorise",
    "choose": "Which account",
    "timezone": "Time zone",
    "imports": "Import",
    "accounting": "Accounting",
    "done": "Done",
}


def register() -> None:
    """Add the pages."""

    @page("/setup", "Connect a store")
    async def new(request: Request, platform: str = "", store: str | None = None) -> None:
        current_user = CurrentUser.of(request)
        with frame(current_user, "Connect a store"):
            this = _session(current_user, platform, None)
            if this is not None:
                this.store = store
                await _show(this, "name")

    @page("/setup/{slug}", "Set-up")
    async def resume(
        request: Request,
        slug: str,
        step: str = "",
        again: bool = False,
        choose: bool = False,
        authorised: bool = False,
        target: str | None = None,
    ) -> None:
        current_user = CurrentUser.of(request)
        with frame(current_user, "Set-up"):
            connection = await current_user.do(
                "read", current_user.console.registry.connections.get, slug
            )
            this = connection and _session(current_user, connection.channel, connection)
            if not this or connection is None:
                return
            this.again, this.proposed = again, target
            requested = "choose" if choose else step
            await _show(this, _first(connection, requested, again=again, authorised=authorised))
            if authorised:
                await ui.context.client.connected()
                current_user.notify(f"{connection.account.get('name')} is authorised")


def _first(connection: Connection, step: str, *, again: bool, authorised: bool) -> Step:
    """Return where to begin: where it stopped, unless the address asks for a step that is open."""
    current = Setup.model_validate(connection.setup).step
    authorised = authorised or (connection.account_id is not None and current in AUTHORISING)
    if step == "choose":
        return "choose"
    # A new authorisation begins with the fields, which may have been wrong.
    if again:
        return "account"
    if connection.account_id is None:
        return current
    if platform_named(connection.channel).kind == "accounting":
        return "done"
    if step == "accounting":
        return "accounting"
    return "imports" if step == "imports" or authorised else current


def _session(
    current_user: CurrentUser, name: str, connection: Connection | None
) -> SetupSession | None:
    """Return the session, with its heading; None where there is nothing to set up."""
    try:
        platform = platform_named(name)
    except DaybookError as error:
        ui.label(str(error)).props('role="alert"')
        return None
    if not current_user.may("connect"):
        ui.label(f"a {current_user.who.role} may not connect stores").props('role="alert"')
        return None
    title = f"{connection.name} ({platform.title})" if connection else f"Connect {platform.title}"
    heading(title).classes("py-4")
    return SetupSession(current_user, platform, connection)


async def _show(this: SetupSession, first: Step) -> None:
    body = ui.column().classes("w-full max-w-2xl gap-4")

    async def go(step: Step) -> None:
        body.clear()
        with body:
            _list(this, step)
            await _BODIES[step](this)

    this.go = go
    await go(first)


def _list(this: SetupSession, at: Step) -> None:
    """Draw all steps, and mark this one; steps of some accounts only, where they are taken."""
    steps = [step for step in STEPS if step not in OCCASIONAL or step in {at, this.setup.step}]
    if this.is_organisation:
        steps = [step for step in steps if step not in {"imports", "accounting"}]
    with ui.element("ol").classes("flex flex-wrap gap-x-4 gap-y-1 list-none p-0 m-0"):
        for number, step in enumerate(steps, 1):
            with ui.element("li") as item:
                ui.label(f"{number}. {_TITLES[step]}")
            if step == at:
                item.props('aria-current="step"').classes("font-bold underline")


async def _name(this: SetupSession) -> None:
    current = this.connection.name if this.connection else ""
    typed = ui.input("Name of this connection", value=current).props("outlined autofocus")
    typed.classes("w-full").tooltip("Only you see it; it can be changed at any time")

    async def go_on() -> None:
        name = (typed.value or "").strip()
        typed.props(remove="error error-message")
        if not name:
            typed.props('error error-message="Give it a name, such as your shop\'s"')
            return
        if this.connection is None:
            this.connection = await this.current_user.do("connect", lambda: _begin(this, name))
        if this.connection is not None and await this.keep(step="account"):
            # Reloading goes on with this connection, and does not begin another.
            ui.navigate.history.replace(f"/setup/{this.slug}")
            await this.go("account")

    buttons(next_=go_on)


def _begin(this: SetupSession, name: str) -> Connection:
    registry, actor = this.console.registry, this.current_user.who.name
    return connections.begin(registry, this.platform.name, name, actor, store=this.store)


_BODIES = {
    "name": _name,
    "account": setup_account.account,
    "authorise": setup_account.authorise,
    "choose": setup_identity.choose,
    "timezone": setup_identity.timezone,
    "imports": setup_choices.imports,
    "accounting": setup_choices.accounting,
    "done": setup_choices.end,
}
