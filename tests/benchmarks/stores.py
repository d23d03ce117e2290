"""A thousand connections: the page as a browser shows it, and the sensor that looks at them."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import httpx2
from playwright.sync_api import sync_playwright
from sqlalchemy import text

from connectors.database.registry import Registry
from connectors.home.settings import Settings, settings
from console.cards import cards
from console.web.sessions import hash_password
from sandbox.server import bound
from tests.benchmarks.homes import fresh_home
from tests.benchmarks.results import Result
from tests.browser.conftest import browser_program

CONNECTIONS, DAYS, REPEATS = 1000, 365, 5
PAGE_SECONDS, TICK_SECONDS = 2.0, 1.0
PASSWORD = "correct horse battery"

_STORES = """
INSERT INTO registry.connections (slug, channel, name, timezone, kind, state)
SELECT 'store-' || n, (ARRAY['amazon','ebay','etsy'])[1 + n % 3], 'Store ' || n, 'UTC', 'api',
    (ARRAY['active','paused','needs_reauth'])[1 + n % 3]
FROM generate_series(1, :connections) n
"""
_DAYS = """
INSERT INTO registry.day_states (connection, day, state)
SELECT slug, date '2025-01-01' + d, 'done'
FROM registry.connections, generate_series(0, :days - 1) d
"""


def measure(work: Path, scale: float) -> list[Result]:
    """Medians of five: the cards, the page until it can be used, one tick of the sensor."""
    stores = max(1, round(CONNECTIONS * scale))
    with fresh_home(work, []) as home, Registry.open(home) as registry:
        with registry.connections._transaction() as session:
            session.execute(text(_STORES), {"connections": stores})
            session.execute(text(_DAYS), {"days": DAYS})
        registry.users.add("ada", hash_password(PASSWORD), "admin", "benchmark")
        drawn = _median(lambda: cards(registry))
        tick = _tick(home)
        page = _page(home)
    shown = f"{page:.2f} s" if page is not None else "no Chromium here"
    reached = None if page is None else page <= PAGE_SECONDS
    return [
        Result(f"{stores:,} connections x {DAYS} days: cards", f"{1000 * drawn:.0f} ms"),
        Result("  the page in a browser", shown, f"<= {PAGE_SECONDS:g} s", reached),
        Result("  a sensor tick", f"{tick:.2f} s", f"<= {TICK_SECONDS:g} s", tick <= TICK_SECONDS),
    ]


def _median(work: object) -> float:
    assert callable(work)
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _tick(home: Settings) -> float:
    """`touched_days` over all connections, as the daemon evaluates it."""
    from pipelines.definitions import build_definitions
    from pipelines.execution import open_instance
    from pipelines.resources import Daybook

    os.environ["DAYBOOK_HOME"] = str(home.home)
    settings.cache_clear()
    sensor = build_definitions().resolve_sensor_def("touched_days")
    with (
        open_instance([]) as instance,
        dg.build_sensor_context(instance=instance, resources={"daybook": Daybook()}) as context,
    ):
        return _median(lambda: sensor(context))


def _page(home: Settings) -> float | None:
    """From asking for the page until its count of stores is there."""
    program = browser_program()
    if program is None:
        return None
    with _console(home) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{url}/sign-in")
        page.fill("#user", "ada")
        page.fill("#password", PASSWORD)
        page.click("button")

        def look() -> None:
            page.goto(url)
            page.get_by_text("stores", exact=False).first.wait_for()
            page.locator("[data-slug]").first.wait_for()

        look()
        taken = _median(look)
        browser.close()
        return taken


@contextmanager
def _console(home: Settings) -> Iterator[str]:
    listener = bound()
    port = listener.getsockname()[1]
    listener.close()
    url = f"http://localhost:{port}"
    environment = {**os.environ, "DAYBOOK_HOME": str(home.home), "DAYBOOK_PUBLIC_URL": url}
    program = [sys.executable, "-m", "console.web", "--host", "127.0.0.1", "--port", str(port)]
    with (home.home / "console.log").open("wb") as log:
        process = subprocess.Popen(program, env=environment, stdout=log, stderr=log)
        try:
            while not _answers(url):
                assert process.poll() is None
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health").status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
