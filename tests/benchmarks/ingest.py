"""A busy account's first sync, of every channel: from its platform's answers to canonical lines.

What Daybook does is fetch, prove and keep every document, and write every day's lines as Parquet;
it is held against `bare`, which sends the very same requests and loads the same bytes. Both ask
`replay`, on loopback, which takes as long as the emulator. Daybook takes its turns in buckets that
never run dry: what limits cost is measured in `limits`. DuckDB has twice its usual memory, for
documents of a hundred thousand transactions. At a smaller scale it is fewer channels, too.

`python -m tests.benchmarks.ingest SLUG DAY` is one sync, in its own process.
"""

import json
import math
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pyarrow import parquet

from connectors.channels.history import whole_days
from connectors.database.registry import Registry
from connectors.home.settings import settings
from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from pipelines.stages.fetch import fetch
from pipelines.stages.normalise import normalise
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace
from sandbox import woocommerce_lists
from sandbox.amazon_money import AmazonMoney
from sandbox.amazon_sites import UNITED_KINGDOM
from sandbox.ebay_money import EBayMoney
from sandbox.etsy_money import EtsyMoney
from sandbox.faults import Exchange
from sandbox.money import TODAY
from sandbox.platforms import EMULATORS
from sandbox.shopify_money import ShopifyMoney
from sandbox.square_money import SquareMoney
from sandbox.tiktok_money import TikTokMoney
from sandbox.walmart_money import WalmartMoney
from sandbox.woocommerce_money import WooMoney
from tests.benchmarks.platforms import connect, reached, widen
from tests.benchmarks.replay import Replay, Switch, write_requests
from tests.benchmarks.results import Result, in_fresh_process

TRANSACTIONS, RATIO = 100_000, 1.5
MEMORY = "2400MB"
ONE_DAY = timedelta(days=1)
LOCATIONS = ("L1HARBOUR0001", "L2MARKET00002")
_Earned = Callable[[int], Any]


def _amazon(times: int) -> AmazonMoney:
    """One settlement, closed yesterday: hardly anything is open."""
    money = AmazonMoney((UNITED_KINGDOM,), today=TODAY - 7 * ONE_DAY, times=times)
    money.times = 1
    money.advance(2)
    return money


# Pages are as large as the platforms give them. A platform of files and one of pages come first.
MONEY: dict[str, _Earned] = {
    "amazon": _amazon,
    "ebay": lambda times: EBayMoney(times=times, largest=1000),
    "etsy": lambda times: EtsyMoney(times=times, largest=100),
    "shopify": lambda times: ShopifyMoney(("USD",), times=times, largest=250),
    "square": lambda times: SquareMoney(LOCATIONS, times=times, largest=100),
    "tiktok": lambda times: TikTokMoney(times=times, largest=100),
    "walmart": lambda times: WalmartMoney(times=times, largest=1000),
    "woocommerce": lambda times: WooMoney(times=times),
}


@dataclass(frozen=True)
class Measured:
    """A channel's lines, and the seconds of both at the emulator's pace.

    `milliseconds` is that pace: what an answer takes. `fetched` is Daybook's part until every
    document is proven and stored.
    """

    transactions: int
    lines: int
    requests: int
    milliseconds: float
    megabytes: float
    daybook: float
    fetched: float
    bare: float

    @property
    def ratio(self) -> float:
        """Daybook's time in those of the bare script."""
        return self.daybook / self.bare


def measure(work: Path, scale: float) -> list[Result]:
    """Every channel, one after another; a fifth of the size has a fifth of them, but for two."""
    results = []
    chosen = list(MONEY)[: max(2, round(len(MONEY) * scale))]
    for name in chosen:
        took = channel(name, work / name, round(TRANSACTIONS * scale))
        results += [
            Result(
                f"{name}: {took.transactions:,} transactions, {took.megabytes:.0f} MB in "
                f"{took.requests:,} calls",
                f"{took.lines / took.daybook:,.0f} lines a second",
            ),
            Result(f"  httpx2 + DuckDB: {took.lines / took.bare:,.0f} lines a second, "
                   f"{took.milliseconds:.0f} ms an answer",
                   f"{took.ratio:.2f} x", f"<= {RATIO} x", took.ratio <= RATIO),
            Result("  seconds of that: to fetch and prove, to canonical lines",
                   f"{took.fetched:.1f} + {took.daybook - took.fetched:.1f}"),
        ]  # fmt: skip
    left_out = ", ".join(name for name in MONEY if name not in chosen)
    return [*results, *([Result(f"at full size also {left_out}", "")] if left_out else [])]


def channel(name: str, work: Path, transactions: int) -> Measured:
    """Record a sync to an account with so many transactions; measure both on its answers."""
    emulator: Any = EMULATORS[name]()
    emulator.limits.enforced = False
    money = _busy(MONEY[name], transactions)
    switch = Switch(emulator.application)
    largest, woocommerce_lists.LARGEST = woocommerce_lists.LARGEST, 100
    try:
        with reached(work, {name: emulator}, {name: switch}, MEMORY) as workspace:
            _give(name, emulator, money)
            slug = connect(workspace, name, emulator, emulator.first)
            emulator.application.exchanges.clear()
            in_fresh_process("ingest", slug, money.today, home=workspace.settings.home)
            exchanges = emulator.application.exchanges
            return _measured(exchanges, money, switch, workspace, slug, work)
    finally:
        woocommerce_lists.LARGEST = largest
        shutil.rmtree(work, ignore_errors=True)


def _measured(
    exchanges: list[Exchange],
    money: Any,
    switch: Switch,
    workspace: Workspace,
    slug: str,
    work: Path,
) -> Measured:
    switch.now = replay = Replay.of(exchanges)
    requests_file = work / "requests.json"
    write_requests(exchanges, requests_file)
    replay.begin()
    bare = in_fresh_process("bare", requests_file, work / "bare")
    shutil.rmtree(workspace.settings.lake_folder)
    replay.begin()
    ours = in_fresh_process("ingest", slug, money.today, home=workspace.settings.home)
    return Measured(
        transactions=money.transactions(),
        lines=ours["lines"],
        requests=len(exchanges),
        milliseconds=1000 * statistics.mean(exchange.seconds for exchange in exchanges),
        megabytes=bare["megabytes"],
        daybook=ours["seconds"],
        fetched=ours["fetched"],
        bare=bare["seconds"],
    )


def _busy(earned: _Earned, transactions: int) -> Any:
    """The money of an account with about so many transactions; at least so many, but for chance."""
    few, more = earned(1).transactions(), earned(11).transactions()
    return earned(max(1, math.ceil(10 * (transactions - few) / (more - few)) + 1))


def _give(name: str, emulator: Any, money: Any) -> None:
    """The platform's first account earns this money."""
    if name == "woocommerce":
        emulator.earns(emulator.first.rsplit("/", 1)[-1], money)
    else:
        emulator.money[emulator.first] = money


def _synced(workspace: Workspace, slug: str, today: date) -> Window:
    """The whole days of an account, all that the platform has of them fetched."""
    now = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=12)
    connection = workspace.registry.connections.get(slug)
    window = whole_days(connection, workspace.settings.first_day, now)
    sync_outcome = fetch(workspace, connection, window, now)
    assert not sync_outcome.refused, sync_outcome.refused
    return window


def run(slug: str, day: str) -> dict[str, float]:
    """One sync and its lines: seconds in all, seconds to fetch, and lines."""
    widen()
    with Registry.open(settings()) as registry:
        workspace, connection = Workspace(settings(), registry), registry.connections.get(slug)
        started = time.perf_counter()
        window = _synced(workspace, slug, date.fromisoformat(day))
        fetched = time.perf_counter()
        # A payout may lie a few days after the last day that is over.
        reach = Window(window.start, window.end + timedelta(days=40))
        normalised = normalise(Store.read(workspace, connection, MappingConfig()), reach)
        ended = time.perf_counter()
        assert not normalised.failed, normalised.failed
        files = workspace.lake.partitions(
            "transactions", slug, workspace.lake.days("transactions", slug)
        )
        lines = sum(parquet.read_metadata(file).num_rows for file in files)
    return {"seconds": ended - started, "fetched": fetched - started, "lines": lines}


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(run(*sys.argv[1:])))
