"""The floor of fetching: a script that knows every request by heart, and loads what it got.

One httpx2 client sends them one after another; bodies are kept as they are, JSON an answer a line.
DuckDB then makes a table of each kind of answer. Nothing is proven, no money is read, nothing is
tried again, and no line becomes canonical.

`python -m tests.benchmarks.bare REQUESTS FOLDER` does it, in its own process.
"""

import gzip
import io
import json
import re
import sys
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import httpx2

from connectors.lake.engine import quoted

LARGEST = 512 * 2**20


def run(requests: list[dict[str, Any]], folder: Path) -> dict[str, float]:
    """Fetch and load; seconds of each, and bytes."""
    folder.mkdir(parents=True)
    started = time.perf_counter()
    size = _fetch(requests, folder)
    fetched = time.perf_counter()
    with duckdb.connect(str(folder / "bare.duckdb"), config={"threads": 2}) as con:
        for number, path in enumerate(sorted(folder.glob("*.*json"))):
            con.execute(
                f"CREATE TABLE json_{number} AS SELECT * FROM read_json({quoted(str(path))}, "
                f"format='newline_delimited', maximum_object_size={LARGEST})"
            )
        for number, path in enumerate(sorted(folder.glob("*.text"))):
            con.execute(
                f"CREATE TABLE text_{number} AS SELECT * FROM read_csv({quoted(str(path))}, "
                "header=true, all_varchar=true, null_padding=true)"
            )
    ended = time.perf_counter()
    return {
        "seconds": ended - started,
        "fetched": fetched - started,
        "loaded": ended - fetched,
        "megabytes": size / 1e6,
    }


def _fetch(requests: list[dict[str, Any]], folder: Path) -> int:
    bodies: dict[str, list[bytes]] = defaultdict(list)
    size = files = 0
    with httpx2.Client() as client:
        for request in requests:
            answer = client.request(
                request["method"],
                request["url"],
                headers=request["headers"],
                content=request["body"],
            )
            content, kind = answer.content, answer.headers.get("content-type", "")
            size += len(content)
            if "json" in kind:
                what = re.sub(r"[^a-z]+", "-", answer.request.url.path.lower())[-80:]
                bodies[what].append(content)
            elif content and answer.is_success:
                files += 1
                (folder / f"{files}.text").write_bytes(_unpacked(content))
    for what, sizes_seen in bodies.items():
        (folder / f"{what}.ndjson").write_bytes(b"\n".join(sizes_seen))
    return size


def _unpacked(content: bytes) -> bytes:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1").encode()
    return content


if __name__ == "__main__":
    listed = json.loads(Path(sys.argv[1]).read_text())
    sys.stdout.write("\n" + json.dumps(run(listed, Path(sys.argv[2]))))
