"""A thousand stores that post to the books and to an organisation, when nothing is due.

Timed are the sensor's tick, which looks at both targets, and the look at the organisation that
`daybook publish --target` takes at every store. What it takes to read the books is not in it.
"""

import os
import time
from datetime import date
from pathlib import Path

import dagster as dg
from sqlalchemy import text

from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Registry
from connectors.home.settings import Settings, settings
from connectors.lake.windows import Window
from pipelines.stages.sender import due_days, planned_for
from pipelines.stages.workspace import Workspace
from tests.benchmarks.homes import fresh_home
from tests.benchmarks.results import Result

STORES, DAYS = 1000, 90
SECONDS = 5.0
FIRST = date(2026, 1, 1)
_ALWAYS = Window(date.min, date.max)

_CONNECTIONS = """
INSERT INTO registry.connections (slug, channel, name, timezone, kind, state, setup)
SELECT 'store-' || n, (ARRAY['amazon','ebay','etsy'])[1 + n % 3], 'Store ' || n, 'UTC', 'file',
    'active', CAST(:setup AS jsonb)
FROM generate_series(1, :stores) n
"""
_POSTED = r"""
INSERT INTO registry.publications (
    target, connection, business_date, currency, revision, entry_id, content_hash, state
)
SELECT
    target, 'store-' || n, day, 'USD', 1, 'je:store-' || n || ':' || day || '\:USD',
    encode(sha256(convert_to('store-' || n || ' ' || day, 'UTF8')), 'hex'), 'posted'
FROM (VALUES ('books'), ('harbour')) AS targets (target)
CROSS JOIN generate_series(1, :stores) n
CROSS JOIN LATERAL (SELECT CAST(:first AS date) + d AS day FROM generate_series(0, :days - 1) d)
"""


def measure(work: Path, scale: float) -> list[Result]:
    """Fill a home with what is posted already, and look whether anything is due."""
    stores = max(1, round(STORES * scale))
    with fresh_home(work, []) as home, Registry.open(home) as registry:
        _fill(registry, stores)
        workspace = Workspace(home, registry)
        outstanding, seconds = _looked_at(workspace)
        tick = _tick(home)
    what = f"{stores:,} stores x 2 targets x {DAYS} entries: a tick"
    return [
        Result(what, f"{tick:.2f} s", f"<= {SECONDS:g} s", tick <= SECONDS),
        Result("  every store looked at for the organisation", f"{seconds:.2f} s"),
        Result("  due", str(outstanding), "0", outstanding == 0),
    ]


def _fill(registry: Registry, stores: int) -> None:
    registry.connections.add(
        "harbour", channel="xero", name="Harbour", timezone="UTC", actor="benchmark"
    )
    registry.connections.set_posting("harbour", FIRST, "benchmark")
    setup = Setup(step="done", target="harbour").model_dump_json()
    with registry.connections._transaction() as session:
        session.execute(text(_CONNECTIONS), {"setup": setup, "stores": stores})
        session.execute(text(_POSTED), {"stores": stores, "days": DAYS, "first": FIRST})
        # As the server itself does a minute later.
        session.execute(text("ANALYZE registry.publications"))


def _looked_at(workspace: Workspace) -> tuple[int, float]:
    """How many entries are due at the organisation, and how long it takes to see that."""
    stores = [c for c in workspace.registry.connections.list() if c.slug != "harbour"]
    organisation: Connection = workspace.registry.connections.get("harbour")
    started = time.perf_counter()
    outstanding = sum(len(due_days(workspace, store, _ALWAYS)) for store in stores)
    outstanding += len(planned_for(workspace, stores, organisation, _ALWAYS))
    return outstanding, time.perf_counter() - started


def _tick(home: Settings) -> float:
    """`planned_entries` over all stores, as the daemon evaluates it."""
    from pipelines.definitions import build_definitions
    from pipelines.execution import open_instance
    from pipelines.resources import Daybook

    os.environ["DAYBOOK_HOME"] = str(home.home)
    settings.cache_clear()
    sensor = build_definitions().resolve_sensor_def("planned_entries")
    with (
        open_instance([]) as instance,
        dg.build_sensor_context(instance=instance, resources={"daybook": Daybook()}) as context,
    ):
        started = time.perf_counter()
        sensor(context)
        return time.perf_counter() - started
