"""Homes with settlements that arrived already: what the benchmarks start from."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from connectors.channels import channel
from connectors.database import postgres
from connectors.database.registry import Registry
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.documents.manifest import Manifest
from connectors.home.home import initialise
from connectors.home.settings import Settings
from connectors.lake.lake import Lake
from connectors.lake.windows import Window
from console.books import create_books

ZONE = "Europe/Berlin"


@contextmanager
def fresh_home(folder: Path, slugs: Iterable[str]) -> Iterator[Settings]:
    """An initialised home with these connections and a server of its own, which stops after."""
    settings = Settings(home=folder, database_url=None, lake=None, threads=2)
    initialise(settings, further=[create_books])
    try:
        with Registry.open(settings) as registry:
            for slug in slugs:
                registry.connections.add(
                    slug, channel="amazon", name=slug, timezone=ZONE, actor="benchmark"
                )
        yield settings
    finally:
        postgres.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


def stock(settings: Settings, slugs: Sequence[str], files: Iterable[Path]) -> None:
    """Import files into the first connection, and the same documents into the others."""
    lake = Lake(settings.lake_folder)
    single = settings.model_copy(update={"threads": 1, "memory_limit": "2GB"})

    def examine(path: Path) -> tuple[bytes, Manifest]:
        (source_file,) = source_files(path)
        manifest = ingest.parse_file(
            single, channel("amazon"), source_file, connection=slugs[0], time_zone=ZONE
        )
        return source_file.content, manifest

    with ThreadPoolExecutor(2) as pool:
        for content, manifest in pool.map(examine, files):
            for slug in slugs:
                ingest.store(lake, content, manifest.model_copy(update={"connection": slug}))
    # Dagster's partitions begin where the registry knows of data.
    with Registry.open(settings) as registry:
        for slug in slugs:
            first = whole_window(lake, slug).start
            registry.days.set_states(slug, {first: ("open", None)})


def whole_window(lake: Lake, slug: str) -> Window:
    """From the first to the last day that any document of the connection touches."""
    manifests = lake.effective_documents(slug)
    days: set[date] = {d for m in manifests for d in (m.first_day, m.last_day, *m.days)}
    return Window(min(days), max(days) + timedelta(days=1))
