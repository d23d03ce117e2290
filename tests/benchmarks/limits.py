"""Twenty accounts synced at once, each by a process of its own, at platforms that keep limits.

Nobody may be refused, and the whole may take at most 1.2 times what it must. What it must is the
sum of two things: what the slowest limit takes to hand out all that was asked of it, by the
platforms' own count ((calls - burst) / rate); and the same syncs at platforms without limits, by a
Daybook whose buckets never run dry.
"""

import multiprocessing
import os
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.channels.history import whole_days
from connectors.database.registry import Registry
from connectors.home.settings import settings
from pipelines.stages.fetch import fetch
from pipelines.stages.workspace import Workspace
from sandbox.money import TODAY
from sandbox.platforms import EMULATORS
from sandbox.walmart_money import WalmartMoney
from tests.benchmarks.platforms import connect, reached, widen
from tests.benchmarks.results import Result

TIMES = 1.2
START_SECONDS = 120.0
KEPT, OPEN = "kept", "open"


# How many accounts of a platform, of one application, and how small its pages are: as small as it
# takes for limits to matter.
ACCOUNTS: dict[str, tuple[int, dict[str, int]]] = {
    "amazon": (2, {}),
    "ebay": (4, {"largest": 4}),
    "etsy": (3, {"largest": 3}),
    "shopify": (2, {"largest": 10}),
    "square": (2, {}),
    "tiktok": (3, {}),
    "walmart": (2, {"largest": 18}),
    "woocommerce": (2, {}),
}
# What an account has of its own, whatever it earns.
_OWN = ("currency", "currencies", "zone", "timezone", "locations", "sites", "american", "abroad")
DAYS = 21


@dataclass(frozen=True)
class Round:
    """Everybody's sync: seconds, documents, calls, refusals, and what the limits take at least."""

    seconds: float
    documents: int
    calls: int
    refused: int
    least: float
    slowest: str


def measure(work: Path, scale: float) -> list[Result]:
    """The same syncs without limits and with them."""
    days = timedelta(days=max(7, round(DAYS * scale)))
    try:
        free = _round(work / OPEN, days, OPEN)
        shaped = _round(work / KEPT, days, KEPT)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    must = shaped.least + free.seconds
    accounts = sum(number for number, _ in ACCOUNTS.values())
    return [
        Result(f"{accounts} accounts at once: calls, documents",
               f"{shaped.calls:,}, {shaped.documents:,}", f"{free.documents:,} documents",
               shaped.documents == free.documents),
        Result("  refused for their number", str(shaped.refused), "0", shaped.refused == 0),
        Result("  the same without limits", f"{free.seconds:.1f} s"),
        Result(f"  what the slowest limit takes ({shaped.slowest})", f"{shaped.least:.1f} s"),
        Result("  with limits", f"{shaped.seconds:.1f} s", f"<= {TIMES} x {must:.1f} s",
               shaped.seconds <= TIMES * must),
        Result("  beside the slowest limit alone", f"{shaped.seconds / shaped.least:.2f} x"),
    ]  # fmt: skip


def _round(work: Path, days: timedelta, mode: str) -> Round:
    emulators: dict[str, Any] = {name: EMULATORS[name]() for name in ACCOUNTS}
    with reached(work, emulators) as workspace:
        slugs = [s for name in ACCOUNTS for s in _connected(workspace, name, emulators[name], days)]
        for emulator in emulators.values():
            emulator.limits.enforced = mode == KEPT
        time.sleep(1.0)
        seconds, reports = _at_once(slugs, mode)
    limits = {name: emulator.limits for name, emulator in emulators.items()}
    slowest = max(limits, key=lambda name: limits[name].least())
    return Round(
        seconds,
        sum(found["documents"] for found in reports),
        sum(len(emulator.application.exchanges) for emulator in emulators.values()),
        sum(sum(found.refused.values()) for found in limits.values()),
        limits[slowest].least(),
        slowest,
    )


def _connected(workspace: Workspace, name: str, emulator: Any, days: timedelta) -> list[str]:
    """Accounts of one application, all of them in business."""
    number, pages = ACCOUNTS[name]
    slugs = []
    for seed, account in enumerate(list(emulator.money)[:number], start=1):
        money = _earned(emulator.money[account], seed, days, pages)
        if name == "woocommerce":
            emulator.earns(account.rsplit("/", 1)[-1], money)
        else:
            emulator.money[account] = money
        slugs.append(connect(workspace, name, emulator, account))
    return slugs


def _earned(before: Any, seed: int, days: timedelta, pages: dict[str, int]) -> Any:
    """The money of an account that was open for so many days, or as long as two reports take."""
    own = {name: getattr(before, name) for name in _OWN if hasattr(before, name)}
    if not isinstance(before, WalmartMoney):
        return type(before)(**own, seed=seed, first=TODAY - days, **pages)
    money = WalmartMoney(seed=seed, first=TODAY - 2 * days, **pages)
    money.no_files = {report.listed for report in money.reports}
    return money


def _at_once(slugs: list[str], mode: str) -> tuple[float, list[dict[str, Any]]]:
    """A process each; seconds from the word to the last one's end, and what they say."""
    # Forked from one that has imported everything: twenty starts would take longer than the syncs.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.benchmarks.limits"])
    ready, go = context.Barrier(len(slugs) + 1), context.Event()
    reports = context.SimpleQueue()
    workers = [
        context.Process(target=_sync, args=(slug, mode, dict(os.environ), ready, go, reports))
        for slug in slugs
    ]
    for worker in workers:
        worker.start()
    ready.wait(START_SECONDS)
    started = time.monotonic()
    go.set()
    answers = [reports.get() for _ in workers]
    seconds = time.monotonic() - started
    for worker in workers:
        worker.join()
    assert None not in answers
    return seconds, answers


def _sync(
    slug: str, mode: str, environment: dict[str, str], ready: Any, go: Any, reports: Any
) -> None:
    """One account's sync, at noon of the platform's day, once it is told to begin."""
    os.environ.update(environment)
    settings.cache_clear()
    if mode == OPEN:
        widen()
    documents = None
    now = datetime.combine(TODAY, datetime.min.time(), UTC) + timedelta(hours=12)
    try:
        with Registry.open(settings()) as registry:
            workspace, connection = Workspace(settings(), registry), registry.connections.get(slug)
            ready.wait(START_SECONDS)
            go.wait(START_SECONDS)
            window = whole_days(connection, settings().first_day, now)
            fetched = fetch(workspace, connection, window, now)
        assert not fetched.refused, fetched.refused
        documents = {"documents": len(fetched.documents)}
    finally:
        reports.put(documents)
