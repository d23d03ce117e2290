"""Remembered verdicts of `bean-check` on the books as they stand: of big books it takes seconds."""

import hashlib
import json
from pathlib import Path

from connectors.accounting.beancount.bean_check import BeanCheckResult, check
from connectors.accounting.beancount.programs import find
from connectors.accounting.beancount.sources import sources
from connectors.lake.atomic import write_atomically

_ERRORS_KEPT = 100


def verdict(main_file: Path, record: Path) -> BeanCheckResult | None:
    """Return what `bean-check` says of the books; it runs only where a file has changed.

    `record` holds the last answer. None where the program is not installed.
    """
    before = _signature(main_file)
    remembered = _remembered(record, before)
    if remembered is not None:
        return remembered
    result = check(main_file)
    # A file that changed meanwhile was read before or after: nobody knows.
    if result is not None and _signature(main_file) == before:
        verdict = {"books": before, "ok": result.ok, "errors": result.errors[:_ERRORS_KEPT]}
        write_atomically(record, json.dumps(verdict, indent=1).encode())
    return result


def known_verdict(main_file: Path, record: Path) -> BeanCheckResult | None:
    """Return what `bean-check` said of the books as they stand now; None where it did not yet."""
    if not record.exists():
        return None
    return _remembered(record, _signature(main_file))


def _remembered(record: Path, signature: str) -> BeanCheckResult | None:
    try:
        verdict = json.loads(record.read_text())
        if verdict["books"] != signature:
            return None
        return BeanCheckResult(ok=verdict["ok"] is True, errors=tuple(map(str, verdict["errors"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _signature(main_file: Path) -> str:
    """Return what changes with every file of the books, and with the program that reads them."""
    digest = hashlib.sha256()
    program = find("bean-check")
    for path in [*(s.path for s in sources(main_file)), *([Path(program)] if program else [])]:
        try:
            status = path.stat()
        except OSError:
            continue
        digest.update(f"{path}\n{status.st_ino} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
