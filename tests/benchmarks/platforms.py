"""Every platform on loopback, for benchmarks whose work is done by processes of its own.

Here belongs a home that knows where the emulators are, accounts connected in it, and limits that
are wide open.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from connectors.accounts.accounts import Accounts
from connectors.accounts.setup import Imports, Setup
from connectors.channels import CHANNELS
from connectors.database.registry import Registry
from connectors.home.settings import settings
from connectors.http import Limit
from pipelines.stages.workspace import Workspace
from sandbox.server import bound, serving
from tests.benchmarks.homes import fresh_home

WIDE = 1e9


@contextmanager
def reached(
    work: Path,
    emulators: Mapping[str, Any],
    instead: Mapping[str, Any] | None = None,
    memory: str = "1200MB",
) -> Iterator[Workspace]:
    """A fresh home whose settings, and those of child processes, lead to these emulators.

    `instead` are other applications to serve than theirs, `memory` is what DuckDB may use.
    """
    work.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        hosts = {}
        for name, emulator in emulators.items():
            application = (instead or {}).get(name, emulator.application)
            url = stack.enter_context(serving(application, bound()))
            hosts[name] = emulator.endpoints(url)
        endpoints_file = work / "endpoints.json"
        endpoints_file.write_text(json.dumps(hosts))
        home = stack.enter_context(fresh_home(work / "home", []))
        environment = {
            "DAYBOOK_HOME": str(home.home),
            "DAYBOOK_ENDPOINTS": str(endpoints_file),
            "DAYBOOK_ALLOWED_PRIVATE_HOSTS": "127.0.0.1,localhost",
            "DAYBOOK_MEMORY_LIMIT": memory,
        }
        os.environ |= environment
        stack.callback(settings.cache_clear)
        stack.callback(lambda: [os.environ.pop(name, None) for name in environment])
        settings.cache_clear()
        with Registry.open(settings()) as registry:
            yield Workspace(settings(), registry)


def connect(workspace: Workspace, name: str, emulator: Any, account: str) -> str:
    """Connect an account by keys, from its money's first day on; its slug."""
    accounts = Accounts(workspace.settings, workspace.registry)
    fields = emulator.fields() | emulator.chosen(account) | emulator.keys(account)
    money = emulator.money[account]
    # Not every platform says in which time zone a seller is.
    zone = getattr(money, "zone", getattr(money, "timezone", "UTC"))
    added = accounts.add(name, name, fields, timezone=zone, account=account, actor="benchmark")
    slug = added.slug
    setup = Setup(step="done", imports=Imports(history_from=money.first))
    workspace.registry.connections.set_setup(slug, setup.model_dump(mode="json"), "benchmark")
    return slug


def widen() -> None:
    """Let every bucket of Daybook's, in this process, hold more than anybody asks for.

    Turns are taken as ever; none is waited for.
    """
    for name in CHANNELS:
        for module in ("api", "finances") if name == "amazon" else ("api",):
            limits: dict[str, Limit] = import_module(f"connectors.channels.{name}.{module}").LIMITS
            for operation, limit in limits.items():
                quota = None if limit.per_day is None else int(WIDE)
                limits[operation] = replace(limit, per_second=WIDE, burst=WIDE, per_day=quota)
