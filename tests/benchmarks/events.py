"""Ten thousand webhooks of twenty stores, as fast as one console takes them, over loopback.

The console is a process of its own, as it is in `daybook up`; every event is signed, and answered
after its row is committed. Run as a program, this module serves the console of DAYBOOK_HOME.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from connectors.accounts.vault import Vault
from connectors.accounts.webhook_secrets import WebhookSecrets
from connectors.database import postgres
from connectors.database.registry import Registry
from connectors.home.home import create_key
from connectors.home.settings import Settings
from console.web.app import build, default_parts
from console.web.context import Console
from pipelines.stages.hints import handle_hints
from pipelines.stages.workspace import Workspace
from sandbox.server import bound, serving
from sandbox.webhooks import Event, Hook, signed
from tests.benchmarks.results import Result
from tests.conftest import Server

EVENTS, STORES, CONNECTIONS = 10_000, 20, 50
PER_MINUTE = 10_000
SECRET = "a secret of a store"
SLOWEST_SECONDS, TICK_SECONDS = 1.0, 0.5


def measure(work: Path, scale: float) -> list[Result]:
    """Send events to a console; at a smaller scale, fewer."""
    work.mkdir(parents=True)
    settings = Settings(home=work / "server", database_url=None)
    postgres.ensure_database(settings)
    try:
        server = Server(make_url(postgres.database_url(settings, "public")), work)
        with server.database() as url:
            home = Settings(home=work / "home", database_url=url)
            home.key_file.parent.mkdir(parents=True)
            create_key(home)
            with Registry.open(home) as registry:
                return _results(home, registry, max(STORES, round(EVENTS * scale)))
    finally:
        postgres.stop(settings)


def _results(home: Settings, registry: Registry, count: int) -> list[Result]:
    slugs = [f"store-{n:02d}" for n in range(STORES)]
    secrets = WebhookSecrets(Vault(home, registry))
    for slug in slugs:
        registry.connections.add(
            slug, channel="woocommerce", name=slug, timezone="UTC", kind="api", actor="test"
        )
        fields = {"store_url": f"https://{slug}.example"}
        registry.connections.pin_account(slug, slug, {"name": slug}, fields, "UTC", "test")
        secrets.set(slug, SECRET)
    requests = [_request(slugs[n % STORES], n) for n in range(count)]
    with _console(home) as (port, _):
        begun = time.perf_counter()
        seconds = asyncio.run(_sent(port, requests))
        took = time.perf_counter() - begun
    stored = len(registry.hints.pending(limit=2 * count))
    begun = time.perf_counter()
    handle_hints(Workspace(home, registry), datetime.now(UTC))
    tick = time.perf_counter() - begun
    latencies = sorted(seconds.values())
    slow = latencies[len(latencies) * 99 // 100]
    rate, lost = count / took, count - min(stored, len(latencies))
    killed, missing = _killed(home, registry, count // 4)
    return [
        Result(f"{count:,} webhooks, accepted a second", f"{rate:.0f}",
               f">= {PER_MINUTE / 60:.0f}", rate >= PER_MINUTE / 60),
        Result("  lost", str(lost), "0", lost == 0),
        Result("  median until the answer", f"{statistics.median(latencies) * 1000:.0f} ms"),
        Result("  99th percentile", f"{slow * 1000:.0f} ms", f"< {SLOWEST_SECONDS:.0f} s",
               slow < SLOWEST_SECONDS),
        Result("  one tick over all of them", f"{tick:.2f} s", f"< {TICK_SECONDS} s",
               tick < TICK_SECONDS),
        Result(f"console killed after {killed:,}, what it did not answer sent again: lost",
               str(missing), "0", missing == 0),
    ]  # fmt: skip


def _killed(home: Settings, registry: Registry, count: int) -> tuple[int, int]:
    """Kill a console amid events; return how many it answered, and how many are lost in the end."""
    numbers = range(EVENTS, EVENTS + count)
    requests = {n: _request(f"store-{n % STORES:02d}", n) for n in numbers}
    with _console(home) as (port, process):
        threading.Timer(0.7, process.kill).start()
        answered = asyncio.run(_sent(port, list(requests.values())))
    unanswered = [r for place, r in enumerate(requests.values()) if place not in answered]
    with _console(home) as (port, _):
        asyncio.run(_sent(port, unanswered))
    ids = [hint.event_id for hint in registry.hints.pending(limit=2 * count)]
    assert len(ids) == len(set(ids))
    return len(answered), len({f"{n:032d}" for n in numbers} - set(ids))


def _request(slug: str, number: int) -> bytes:
    """Return the bytes of a delivery, an order of a few kilobytes."""
    content = {"id": number, "status": "processing", "note": "x" * 2_500}
    path = f"/hooks/woocommerce/{slug}"
    event = Event("order.created", slug, content, id=f"{number:032d}")
    sending = signed("woocommerce", event, Hook(path, SECRET))
    headers = {**sending.headers, "Host": "localhost", "Content-Length": str(len(sending.body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + sending.body


async def _sent(port: int, requests: Sequence[bytes]) -> dict[int, float]:
    """Return the seconds until each request was answered well, by its place."""
    queue, seconds = iter(enumerate(requests)), dict[int, float]()

    async def send_some() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for place, request in queue:
            begun = time.perf_counter()
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            if head.split(b" ", 2)[1] == b"200":
                seconds[place] = time.perf_counter() - begun
        writer.close()

    # Whoever serves may be killed.
    await asyncio.gather(*(send_some() for _ in range(CONNECTIONS)), return_exceptions=True)
    return seconds


@contextmanager
def _console(home: Settings) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Yield the port of a console, and the process of its own that it is."""
    assert home.database_url is not None
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.events"],
        env={
            **os.environ,
            "DAYBOOK_HOME": str(home.home),
            "DAYBOOK_DATABASE_URL": home.database_url.get_secret_value(),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def _serve() -> None:
    """Serve until standard input ends."""
    settings = Settings()
    with Registry.open(settings) as registry:
        listener = bound()
        application = build(Console(settings, registry), default_parts())
        with serving(application, listener) as url:
            print(url.rpartition(":")[2], flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    _serve()
