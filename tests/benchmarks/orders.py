"""The first import of a shop of a hundred thousand orders, and a poll that finds one more.

What Daybook does is read every stream of a year, store each record by its day, and write orders,
lines and payments as Parquet; it is held against `bare_orders`, which sends the very same requests
and makes the same three tables with one query each. They take turns at `replay`, on loopback, which
takes as long as the emulator did, so that nobody competes with the emulator for the machine. The
poll is Daybook's own time: what the emulator takes to answer is taken off.

`python -m tests.benchmarks.orders SLUG NOW` is one import or poll, in its own process.
"""

import json
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.accounts.setup import STREAMS, Setup, StreamChoice
from connectors.database.registry import Registry
from connectors.home.settings import settings
from mappings.order_tables import ORDER_LINES, ORDERS, PAYMENTS
from pipelines.stages.listings import normalise_listings
from pipelines.stages.order_events import record_order_events
from pipelines.stages.partitions import scan
from pipelines.stages.record_import import import_streams
from pipelines.stages.records import normalise_records
from pipelines.stages.workspace import Workspace
from sandbox import woocommerce_lists
from sandbox.faults import Exchange
from sandbox.money import TODAY
from sandbox.woocommerce import WooCommerce
from sandbox.woocommerce_money import WooMoney
from tests.benchmarks.platforms import connect, reached, widen
from tests.benchmarks.replay import Replay, Switch, write_requests
from tests.benchmarks.results import Result, in_fresh_process, peak_megabytes, rounds

COUNT, RATIO, MEGABYTES, POLL_SECONDS = 100_000, 1.5, 1024, 1.0
# The least that WooCommerce puts on a page, and the most.
PAGE, ROUNDS = 100, 2
YEAR = timedelta(days=365)
# Orders of a year in a shop that sells as much as others.
USUAL = 1_075
NOON = datetime.combine(TODAY, datetime.min.time(), UTC) + timedelta(hours=12)
TABLES = (ORDERS, ORDER_LINES, PAYMENTS)


@dataclass(frozen=True)
class Shop:
    """An emulated shop, connected, and the address that leads to it or to what it said."""

    emulator: Any
    switch: Switch
    workspace: Workspace
    slug: str

    def imported(self, now: datetime) -> dict[str, Any]:
        """Import what is new, in a process of its own."""
        home = self.workspace.settings.home
        return in_fresh_process("orders", self.slug, now.isoformat(), home=home)

    def forget(self) -> None:
        """Lose every record, as before the first import."""
        imports = self.workspace.registry.record_imports
        imports.forget(self.slug, STREAMS)
        imports.finish_days(self.slug, imports.waiting_days(self.slug))
        shutil.rmtree(self.workspace.settings.lake_folder)


def measure(work: Path, scale: float) -> list[Result]:
    """Both imports in turns, then the poll; a smaller scale has fewer orders of the same year."""
    emulator = WooCommerce()
    emulator.limits.enforced = False
    times = max(1, round(COUNT * scale / USUAL))
    money = WooMoney(first=TODAY - YEAR, times=times)
    switch = Switch(emulator.application)
    largest, woocommerce_lists.LARGEST = woocommerce_lists.LARGEST, PAGE
    try:
        with reached(work, {"woocommerce": emulator}, {"woocommerce": switch}) as workspace:
            emulator.earns(emulator.first.rsplit("/", 1)[-1], money)
            shop = Shop(emulator, switch, workspace, _connected(workspace, emulator))
            return _results(shop, work, rounds(scale, ROUNDS))
    finally:
        woocommerce_lists.LARGEST = largest
        shutil.rmtree(work, ignore_errors=True)


def _connected(workspace: Workspace, emulator: Any) -> str:
    slug = connect(workspace, "woocommerce", emulator, emulator.first)
    connections = workspace.registry.connections
    setup = Setup.model_validate(connections.get(slug).setup)
    chosen = StreamChoice(history=True, ongoing=True, since=NOON)
    imports = setup.imports.model_copy(update={"streams": dict.fromkeys(STREAMS, chosen)})
    setup = setup.model_copy(update={"imports": imports})
    connections.set_setup(slug, setup.model_dump(mode="json"), "benchmark")
    return slug


def _results(shop: Shop, work: Path, turns: int) -> list[Result]:
    exchanges: list[Exchange] = shop.emulator.application.exchanges
    exchanges.clear()
    shop.imported(NOON)
    imported = list(exchanges)
    requests_file = work / "requests.json"
    write_requests(imported, requests_file)
    shop.switch.now = replay = Replay.of(imported)
    ours, bare = list[dict[str, Any]](), list[dict[str, Any]]()
    for turn in range(turns):
        replay.begin()
        bare.append(in_fresh_process("bare_orders", requests_file, work / f"bare-{turn}"))
        shop.forget()
        replay.begin()
        ours.append(shop.imported(NOON))
    assert {_counts(each) for each in ours} == {_counts(each) for each in bare}
    poll, platform = _poll(shop, exchanges)
    answers = sum(exchange.seconds for exchange in imported)
    return [
        *_told(ours, bare, answers, len(imported)),
        Result("a poll that finds one new order", f"{poll:.2f} s", f"< {POLL_SECONDS:g} s",
               poll < POLL_SECONDS),
        Result("  beside what the shop took to answer", f"{platform:.2f} s"),
    ]  # fmt: skip


def _poll(shop: Shop, exchanges: list[Exchange]) -> tuple[float, float]:
    """Seconds of Daybook's own and of the shop's, until one new order is in every table."""
    shop.switch.now = shop.emulator.application
    shop.emulator.sales[shop.emulator.first].place()
    exchanges.clear()
    polled = shop.imported(NOON + timedelta(minutes=10))
    assert (polled["changed"], polled["events"]) == (1, 2), polled
    platform = sum(exchange.seconds for exchange in exchanges)
    return polled["seconds"] - platform, platform


def _told(
    ours: Sequence[dict[str, Any]], bare: Sequence[dict[str, Any]], answers: float, calls: int
) -> list[Result]:
    """Results in words: the medians, and the highest memory of any round."""
    seconds = statistics.median(each["seconds"] for each in ours)
    fetched = statistics.median(each["fetched"] for each in ours)
    floor = statistics.median(each["seconds"] for each in bare)
    # Of one round each: what slows the machine for a while slows both.
    ratio = statistics.median(o["seconds"] / b["seconds"] for o, b in zip(ours, bare, strict=True))
    peak = max(each["megabytes"] for each in ours)
    count = ours[0][ORDERS.name]
    cpu = [statistics.median(each["cpu"] for each in both) for both in (ours, bare)]
    return [
        Result(f"{count:,} orders of a year in {calls:,} calls", f"{seconds:.1f} s"),
        Result("  orders a second", f"{count / seconds:,.0f}"),
        Result("  seconds of that: to fetch and store, to the tables",
               f"{fetched:.1f} + {seconds - fetched:.1f}"),
        Result("  seconds of that: the shop's answers", f"{answers:.1f}"),
        Result(f"  httpx2 + DuckDB: {count / floor:,.0f} orders a second", f"{ratio:.2f} x",
               f"<= {RATIO} x", ratio <= RATIO),
        Result("  the processor's seconds of both", f"{cpu[0]:.1f}, {cpu[1]:.1f}"),
        Result("  most memory", f"{peak:.0f} MB", f"< {MEGABYTES} MB", peak < MEGABYTES),
    ]  # fmt: skip


def _counts(figures: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(figures[table.name] for table in TABLES)


def run(slug: str, now: str) -> dict[str, float]:
    """One import and its tables: seconds in all, seconds to fetch, rows, memory, events."""
    widen()
    instant = datetime.fromisoformat(now)
    with Registry.open(settings()) as registry:
        workspace, connection = Workspace(settings(), registry), registry.connections.get(slug)
        begun, started = time.process_time(), time.perf_counter()
        streams = import_streams(workspace, connection, instant)
        fetched = time.perf_counter()
        normalise_listings(workspace, connection)
        waiting = registry.record_imports.waiting_days(slug)
        results = list(normalise_records(workspace, connection, sorted(waiting)))
        events = record_order_events(workspace, connection, sorted(waiting))
        registry.record_imports.finish_days(slug, waiting)
        ended, cpu = time.perf_counter(), time.process_time() - begun
        assert not [r.failure for r in results if r.failure], results
        return {
            "seconds": ended - started,
            "fetched": fetched - started,
            "cpu": cpu,
            "changed": streams["orders"].changed,
            "events": sum(events.values()),
            "megabytes": peak_megabytes(),
            **{table.name: _rows(workspace, table.name, slug) for table in TABLES},
        }


def _rows(workspace: Workspace, table: str, slug: str) -> int:
    files = workspace.lake.partitions(table, slug, workspace.lake.days(table, slug))
    with workspace.engine() as con:
        (count,) = con.execute(f"SELECT count(*) FROM {scan(files)}").fetchall()[0]
    return int(count)


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(run(*sys.argv[1:])))
