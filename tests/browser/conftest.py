"""A real browser in front of a real console; the platforms are on loopback.

One console and one Chromium serve all tests of a worker; each test has a clean registry.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from connectors.accounts.accounts import Accounts
from connectors.accounts.platforms import platform_named
from connectors.channels.history import can_sync
from connectors.database.registry import Registry
from connectors.home.home import initialise
from connectors.home.settings import Settings, settings
from connectors.lake.windows import windows
from console.web.sessions import hash_password
from pipelines.execution import open_instance, run, run_fetch
from pipelines.names import DATA
from sandbox.browser import NO_TLS
from sandbox.money import live_to
from sandbox.platforms import EMULATORS, Emulator
from sandbox.server import bound, serving
from tests.conftest import Server
from tests.days import days_ago

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
START_SECONDS = 60.0
SHOTS = os.environ.get("DAYBOOK_SCREENSHOTS")
# The shell without windows draws the same pages with half the work.
BROWSERS = ("chromium-headless-shell", "chromium")

expect.set_options(timeout=15_000)


@dataclass
class Site:
    """The console's address, what is behind it, and the platforms' emulators."""

    url: str
    settings: Settings
    registry: Registry
    platforms: dict[str, Emulator]

    def work(self, slug: str, *, ok: bool = True) -> None:
        """What the daemon would do now: the account fetched, and the days that were asked for."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in _environment(self.settings).items():
                patch.setenv(name, value)
            settings.cache_clear()
            with open_instance([slug]) as instance:
                if can_sync(self.registry.connections.get(slug)):
                    outcome = run_fetch(instance, slug)
                    assert outcome.ok is ok, outcome.problem
                requested_days = {day for event in self.registry.inbox.list() for day in event.days}
                for window in windows(requested_days, gap=31):
                    outcome = run(instance, DATA, slug, window)
                    assert outcome.ok is ok, outcome.problem
        settings.cache_clear()

    @property
    def accounts(self) -> Accounts:
        """The connected accounts, seen from behind."""
        return Accounts(self.settings, self.registry)


def browser_program() -> str | None:
    """Find Debian's Chromium."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = browser_program()
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(
    embedded_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Settings, dict[str, Emulator]]]:
    """The console's program over a home whose registry every test empties."""
    folder = tmp_path_factory.mktemp("browser")
    platforms = {name: made() for name, made in EMULATORS.items()}
    with ExitStack() as stack:
        hosts = {}
        for name, emulator in platforms.items():
            url = stack.enter_context(serving(emulator.application, bound()))
            hosts[name] = emulator.endpoints(url.replace("127.0.0.1", "localhost"))
        (folder / "endpoints.json").write_text(json.dumps(hosts))
        listener = bound()
        port = listener.getsockname()[1]
        listener.close()
        settings = Settings(
            home=folder / "home",
            database_url=embedded_server.emptied(),
            endpoints=folder / "endpoints.json",
            allowed_private_hosts="127.0.0.1,localhost",
            public_url=f"http://localhost:{port}",
        )
        # Two platforms send sellers back to what was registered with them, whatever is asked.
        back = settings.public_url + "/connect/{}/callback"
        vars(platforms["ebay"])["accept_url"] = back.format("ebay")
        vars(platforms["tiktok"])["redirect_uri"] = back.format("tiktok")
        initialise(settings)
        stack.enter_context(_console(settings, port, folder))
        yield settings.public_url, settings, platforms


def _own() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("DAYBOOK")}


def _environment(home: Settings) -> dict[str, str]:
    assert home.database_url is not None
    return {
        "DAYBOOK_HOME": str(home.home),
        "DAYBOOK_DATABASE_URL": home.database_url.get_secret_value(),
        "DAYBOOK_ENDPOINTS": str(home.endpoints),
        "DAYBOOK_ALLOWED_PRIVATE_HOSTS": home.allowed_private_hosts,
        "DAYBOOK_PUBLIC_URL": home.public_url,
    }


class _console:  # noqa: N801 - used as a context manager
    """The program, from its start to its end."""

    def __init__(self, settings: Settings, port: int, folder: Path) -> None:
        self._url = f"{settings.public_url}/health"
        self._log = (folder / "console.log").open("wb")
        program = [sys.executable, "-m", "console.web", "--host", "127.0.0.1", "--port", str(port)]
        self._process = subprocess.Popen(
            program, env=_own() | _environment(settings), stdout=self._log, stderr=self._log
        )

    def __enter__(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self._process.poll() is None, Path(self._log.name).read_text()
            assert time.monotonic() < deadline, "the console did not start"
            try:
                if httpx2.get(self._url, verify=NO_TLS).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.2)

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


@pytest.fixture
def site(
    served: tuple[str, Settings, dict[str, Emulator]], embedded_server: Server
) -> Iterator[Site]:
    """The site with nobody connected, an admin called ada, and every application registered."""
    url, settings, platforms = served
    embedded_server.emptied()
    for folder in (settings.lake_folder, settings.books_folder):
        shutil.rmtree(folder, ignore_errors=True)
    with Registry.open(settings) as registry:
        registry.users.add("ada", HASH, "admin", "test")
        site = Site(url, settings, registry, platforms)
        for name, emulator in platforms.items():
            emulator.application.script = iter(())
            live_to(emulator, days_ago(0))
            site.accounts.register(platform_named(name), emulator.fields(), "test")
        yield site


@pytest.fixture(scope="session")
def desk(chromium: Browser) -> Iterator[BrowserContext]:
    """The browser that Ada uses all day; what it has loaded once it keeps."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(desk: BrowserContext, site: Site) -> Iterator[Page]:
    """Ada, signed in, at a desk."""
    desk.clear_cookies()
    user_page = desk.new_page()
    faults: list[str] = []
    user_page.on("pageerror", lambda error: faults.append(str(error)))
    sign_in(user_page, site)
    yield user_page
    user_page.close()
    assert faults == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails says what the page showed when it did."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        with suppress(PlaywrightError):
            report.sections.append(("page", f"{page.url}\n{page.locator('body').inner_text()}"))
    return report


def sign_in(page: Page, site: Site) -> None:
    """Through the form."""
    page.goto(f"{site.url}/sign-in")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Connected Stores")).to_be_visible()


def shot(page: Page, name: str) -> None:
    """Pictures of a page at both widths, where DAYBOOK_SCREENSHOTS names a folder for them."""
    if SHOTS is None:
        return
    folder = Path(SHOTS)
    folder.mkdir(exist_ok=True)
    before = page.viewport_size
    for width, height in ((1440, 900), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(200)
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
    if before is not None:
        page.set_viewport_size(before)
