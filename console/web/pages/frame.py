"""The frame of every page: the name, links to the other pages, notices, signing out."""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nicegui import ui

from console.roles import Permission
from console.web.pages.current_user import CurrentUser
from console.web.pages.daemon_banner import daemon_banner
from console.web.sessions import csrf_token

PATIENCE_SECONDS = 30.0
PRESSED_SECONDS = 30.0
_LINKS: tuple[tuple[str, str, Permission], ...] = (
    ("Connected Stores", "/", "read"),
    ("Mappings", "/mappings", "read"),
    ("Books", "/books/", "read"),
    ("Runs", "/dagster/", "run"),
    ("Audit log", "/audit", "administer"),
)
COLOURS = {
    "primary": "#14532d",
    "secondary": "#334155",
    "positive": "#166534",
    "negative": "#b91c1c",
    "warning": "#92400e",
    "info": "#1e40af",
}
_CSS = """
:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px; }
.body--dark :focus-visible { outline-color: #93c5fd; }
.q-dialog__inner { z-index: 1; }
/* It has no name that a screen reader could say, and pages are there at once. */
.q-loading-bar { display: none; }
/* What is filled with the primary colour in the dark is light, and what stands on it dark. */
:root { --on-primary: #fff; }
.body--dark { --q-primary: #86efac !important; --on-primary: #0b2e18; }
.text-onprimary { color: var(--on-primary) !important; }
.tone-positive { color: #166534; } .body--dark .tone-positive { color: #86efac; }
.tone-negative { color: #b91c1c; } .body--dark .tone-negative { color: #fca5a5; }
/* A field that is wrong says so in red on what is dark. */
.body--dark .q-field { --q-negative: #fca5a5 !important; }
.tone-warning { color: #92400e; } .body--dark .tone-warning { color: #fcd34d; }
.tone-info { color: #1e40af; } .body--dark .tone-info { color: #93c5fd; }
.tone-secondary { color: #334155; } .body--dark .tone-secondary { color: #cbd5e1; }
.nicegui-content .nicegui-link { color: inherit; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; z-index: 9999; padding: .5rem; }
.skip:focus { background: #fff; color: #14532d; }
@media (prefers-reduced-motion: reduce) {
  * { animation: none !important; transition: none !important; }
}
"""

# Two ways to lose a click. Before the server listens it goes nowhere, or overtakes what was typed:
# until then a page is read only, but for ten seconds at most. And what is drawn anew while a button
# is pressed is not the one that is released: what the server sends waits until then.
_NO_CLICK_IS_LOST = """
<script>
  document.body.inert = true;
  const shown = Date.now();
  const waiting = setInterval(() => {
    if (!window.did_handshake && Date.now() - shown < 10000) return;
    clearInterval(waiting);
    document.body.inert = false;
    document.querySelector("[data-autofocus]")?.focus();
    if (window.socket) holdWhilePressed(window.socket);
  }, 20);
  let held = null;
  window.whenReleased = () =>
    new Promise((go) => held ? held.push(go) : go());
  function holdWhilePressed(socket) {
    const receive = socket.onevent.bind(socket);
    socket.onevent = (packet) => held ? held.push(() => receive(packet)) : receive(packet);
    const release = () => setTimeout(() => {
      const steps = held ?? [];
      held = null;
      steps.forEach((step) => step());
    });
    addEventListener("pointerdown", () => held ??= [], true);
    for (const end of ["pointerup", "pointercancel", "contextmenu"])
      addEventListener(end, release, true);
    addEventListener("blur", release);
  }
</script>
"""


async def released() -> bool:
    """Wait until no button of the mouse is pressed on this page; False where it takes too long."""
    try:
        await ui.run_javascript("return window.whenReleased()", timeout=PRESSED_SECONDS)
    except TimeoutError:
        return False
    return True


def page(path: str, title: str) -> ui.page:
    """Return the decorator of a page: a busy machine makes it late, no error after 3 s."""
    return ui.page(path, title=title, response_timeout=PATIENCE_SECONDS)


def heading(text: str, level: int = 1) -> ui.label:
    """Return a heading of the page's outline."""
    size = {1: "text-2xl", 2: "text-xl", 3: "text-base"}[level]
    label = ui.label(text).props(f'role="heading" aria-level="{level}"')
    return label.classes(f"{size} font-bold")


def primary_button(
    title: str, on_click: Callable[..., object], icon: str | None = None
) -> ui.button:
    """Return the one button of a page or dialog that does what it is for."""
    return ui.button(title, icon=icon, on_click=on_click).props("text-color=onprimary")


def link_button(title: str, address: str) -> ui.button:
    """Return a link that looks like a button: followed by the browser itself, in a new tab too."""
    return ui.button(title).props(f'outline href="{address}"')


@contextmanager
def frame(current_user: CurrentUser, title: str) -> Iterator[None]:
    """Draw what every page has around it; its content goes inside."""
    ui.page_title(f"{title} · Daybook")
    ui.colors(**COLOURS)
    ui.add_css(_CSS)
    ui.add_body_html(_NO_CLICK_IS_LOST)
    ui.html('<a class="skip" href="#content">Skip to the content</a>', sanitize=False)
    with ui.header().classes("items-center gap-2 px-4 py-2 flex-wrap") as header:
        # Not the primary colour, which is light in the dark: the header's text is always white.
        header.style("background: #14532d")
        ui.link("Daybook", "/").classes("text-white text-lg font-bold no-underline")
        with ui.element("nav").props('aria-label="Pages"').classes("flex gap-3 flex-wrap grow"):
            for name, address, needed in _LINKS:
                if current_user.may(needed):
                    ui.link(name, address).classes("text-white")
        _notices(current_user)
        ui.label(f"{current_user.who.name} ({current_user.who.role})").classes("text-sm text-white")
        _sign_out(current_user)
    with ui.column().classes("w-full max-w-6xl mx-auto px-2 sm:px-4 pb-12 gap-0"):
        daemon_banner(current_user)
        ui.html('<span id="content" tabindex="-1"></span>', sanitize=False)
        yield


def _sign_out(current_user: CurrentUser) -> None:
    # A form, because only an HTTP response can drop the session's cookie.
    token = html.escape(csrf_token(current_user.cookie), quote=True)
    ui.html(
        '<form method="post" action="/sign-out">'
        f'<input type="hidden" name="csrf" value="{token}">'
        '<button type="submit" style="color:#fff;text-decoration:underline">Sign out</button>'
        "</form>",
        sanitize=False,
    )


def _notices(current_user: CurrentUser) -> None:
    """Draw the list of notices: toasts go by, and can be read again here."""
    opener = ui.button(icon="notifications").props('flat color=white aria-label="Notices"')
    with opener, ui.menu().props('role="region" aria-label="Notices"'):
        listed = ui.column().classes("p-4 gap-1 max-w-sm")

    def show() -> None:
        listed.clear()
        with listed:
            ui.label("Notices").classes("font-bold")
            for kind, text in current_user.notices[:20]:
                ui.label(("Problem: " if kind == "negative" else "") + text)
            if not current_user.notices:
                ui.label("Nothing yet.")

    current_user.listeners.append(show)
    show()
