"""`demo`: bundled sample settlements through the whole chain, and what to do next."""

import shutil
import sys
import time
from pathlib import Path

import typer

from connectors.accounting.beancount.books import Books
from connectors.channels import channel as channel_named
from connectors.errors import Permanent
from connectors.home.home import initialise
from connectors.home.settings import default_home, settings
from console.books import create_books
from console.commands.reconcile import show_proofs
from console.output import print_result, print_status
from console.progress import steps
from console.workspace import workspace
from pipelines.stages.imports import import_file, open_connection
from pipelines.stages.reconciliation import reconcile
from pipelines.sync import sync


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo() -> None:
    """Take bundled settlements through the whole chain: import, journals, books, the proof."""
    started = time.monotonic()
    from console.samples import SAMPLES, folder

    print_status(f"home: {settings().home}")
    initialise(settings(), further=[create_books])
    with workspace() as opened:
        for sample in SAMPLES:
            source = channel_named(sample.channel)
            target = open_connection(
                opened, source, sample.connection, timezone=sample.time_zone, name=sample.name
            )
            count = 0
            for name in sample.files:
                count += sum(1 for _ in import_file(opened, source, target, folder() / name))
            print_status(f"imported {count} files as {sample.connection}")
        connections = [opened.registry.connections.get(s.connection) for s in SAMPLES]
        with steps() as progress:
            report = sync(opened, connections, reporter=progress)
        if report.problems:
            raise Permanent("; ".join(map(str, report.problems)))
        proofs = reconcile(opened, connections)
    show_proofs(proofs)
    _what_next(time.monotonic() - started)
    raise typer.Exit(0 if all(p.ok for p in proofs) else 1)


def _what_next(seconds: float) -> None:
    home = settings()
    print_result()
    print_result(f"done in {seconds:.0f} s, all of it in {home.home}")
    print_result(f"  the ledger     {Books(home.books_folder).main_file}")
    print_result(f"  the warehouse  {home.warehouse_file}")
    print_result("  the UI         daybook up")
    print_result()
    _how_to_type_it()
    print_result("look around:")
    print_result("  daybook journals amazon-na --explain")
    print_result("  daybook sql 'FROM sales_daily ORDER BY business_date LIMIT 10'")
    print_result("your own files:")
    print_result("  daybook import amazon YOUR-SETTLEMENT.txt --connection my-store")
    print_result("  daybook sync my-store")
    print_result("  daybook reconcile my-store")


def _how_to_type_it() -> None:
    """Print what a shell needs before the commands below work as they stand."""
    needed = []
    if shutil.which("daybook") is None:
        # In a virtual environment that is not activated, `daybook` stands beside Python.
        needed.append(f'export PATH="{Path(sys.executable).parent}:$PATH"')
    if settings().home != default_home():
        needed.append(f'export DAYBOOK_HOME="{settings().home}"')
    if needed:
        print_result("first, in your shell:")
        for line in needed:
            print_result(f"  {line}")
