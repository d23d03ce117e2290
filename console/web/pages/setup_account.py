"""The steps that let Daybook in: what to choose before, and the platform's own page."""

from collections.abc import Mapping

from nicegui import run, ui

from connectors.accounts.authorisations import begin
from connectors.accounts.fields import secret_names
from connectors.accounts.platform import Field, Platform
from connectors.accounts.setup import Way
from connectors.errors import BadInput
from console.web.pages.setup_identity import authorise_with
from console.web.pages.setup_state import SetupSession, buttons


async def account(this: SetupSession) -> None:
    """Draw the step for region, store address or keys, as the platform needs them."""
    registered = await run.io_bound(this.console.accounts.registered, this.platform)
    missing = [
        f for f in this.platform.application if f.required and f.name not in (registered or {})
    ]
    ways = _ways(this.platform, bool(missing))
    assert this.connection is not None
    defaults = {**this.setup.fields, **this.connection.fields}
    chosen = this.setup.way
    way = ui.radio(ways, value=chosen if chosen in ways else next(iter(ways))).props(
        'aria-label="How to authorise"'
    )
    way.set_visibility(len(ways) > 1)
    inputs: dict[str, ui.input | ui.select] = {}
    fields = ui.column().classes("w-full gap-2")

    def draw() -> None:
        fields.clear()
        inputs.clear()
        fields_asked = [*this.platform.account]
        if way.value != "consent":
            application = this.platform.application if way.value == "own" else missing
            fields_asked = [*application, *fields_asked, *this.platform.keys]
        with fields:
            if way.value == "consent" and not fields_asked:
                ui.label(f"Nothing to choose here: {this.platform.title} asks you on its own page.")
            for one in fields_asked:
                inputs[one.name] = _input(one, defaults.get(one.name, ""))

    way.on_value_change(draw)
    draw()

    async def go_on() -> None:
        typed_values = _read(this.platform, inputs)
        if typed_values is None:
            return
        if not await _keep_choices(this, way.value, typed_values):
            return
        if way.value != "consent":
            await _with_keys(this, typed_values)
        else:
            await _authorise_with(this, typed_values)

    buttons(back=lambda: this.go("name"), next_=go_on)


async def _keep_choices(this: SetupSession, way: Way, typed_values: Mapping[str, str]) -> bool:
    """Save what was chosen, whatever becomes of it; no secret is among it."""
    assert this.connection is not None
    # An account that works keeps its choices until the new authorisation succeeds.
    if this.connection.account_id is not None:
        return True
    secret = secret_names(this.platform)
    fields = {name: value for name, value in typed_values.items() if name not in secret}
    return await this.keep(way=way, fields=fields, account=None)


def _ways(platform: Platform, missing: bool) -> dict[str, str]:
    ways = {}
    if platform.consent is not None and not missing:
        ways["consent"] = f"Sign in at {platform.title}"
    if platform.keys:
        ways["credentials"] = "Enter keys or tokens"
        if platform.application and not missing:
            ways["own"] = f"Enter your own {platform.application[0].title} and keys"
    return ways


def _input(one: Field, value: str) -> ui.input | ui.select:
    """Return a field with its hint; its error comes beside it."""
    title = one.title if one.required else f"{one.title} (optional)"
    control: ui.input | ui.select
    if one.options:
        # Nothing is chosen for anybody: a region that nobody looked at is a wrong one.
        chosen = value if value in one.options else None
        control = ui.select(dict(one.options), value=chosen, label=title)
    else:
        control = ui.input(
            title, value=value, password=one.secret, password_toggle_button=one.secret
        )
    control.props(f'outlined bottom-slots hint="{one.hint.replace(chr(34), "")}"').classes("w-full")
    return control


def _read(platform: Platform, inputs: Mapping[str, ui.input | ui.select]) -> dict[str, str] | None:
    """Return what was typed in its kept form; None when a field is wrong, which says so itself."""
    by_name = {one.name: one for one in platform.fields}
    typed_values, good = {}, True
    for name, typed in inputs.items():
        text = str(typed.value or "").strip()
        typed.props(remove="error error-message")
        if not text and not by_name[name].required:
            continue
        if not text:
            what = f"Choose: {by_name[name].title}" if by_name[name].options else "Fill this in"
            typed.props(f'error error-message="{what}"')
            good = False
            continue
        try:
            typed_values[name] = by_name[name].value(text)
        except BadInput as error:
            message = str(error).replace('"', "'")
            typed.props(f'error error-message="{message}"')
            good = False
    return typed_values if good else None


async def _with_keys(this: SetupSession, typed_values: dict[str, str]) -> None:
    accounts, actor = this.console.accounts, this.current_user.who.name
    await authorise_with(
        this, lambda: accounts.reconnect(this.slug, typed_values, account=None, actor=actor)
    )


async def _authorise_with(this: SetupSession, typed_values: dict[str, str]) -> None:
    page = await this.current_user.do(
        "connect",
        begin,
        this.console.accounts,
        this.slug,
        typed_values,
        this.current_user.cookie,
        this.current_user.who.name,
    )
    if page is not None:
        ui.navigate.to(page)


async def authorise(this: SetupSession) -> None:
    """Draw the way to the platform's page once more, for whoever left it."""
    ui.label(
        f"{this.platform.title} hasn't authorised Daybook yet. Go to its page to allow access."
    )
    chosen = this.setup.fields
    for one in this.platform.account:
        if one.name in chosen:
            ui.label(f"{one.title}: {one.options.get(chosen[one.name], chosen[one.name])}")

    async def go_on() -> None:
        await _authorise_with(this, {})

    buttons(back=lambda: this.go("account"), next_=go_on, title=f"Go to {this.platform.title}")
