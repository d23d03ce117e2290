"""Beancount's own verdict on the books: `bean-check`, run as a program."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from connectors.accounting.beancount.programs import find
from connectors.errors import Permanent, Transient

_SECONDS = 300


@dataclass(frozen=True, slots=True)
class BeanCheckResult:
    """The verdict; each error reads `file:line: message`."""

    ok: bool
    errors: tuple[str, ...]


def check(main_file: Path) -> BeanCheckResult | None:
    """Run `bean-check` on the books; None when the program is not installed."""
    program = find("bean-check")
    if program is None:
        return None
    try:
        process = subprocess.run(  # noqa: S603 - a program of our environment on our own file
            [program, "--json", "--no-cache", str(main_file)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Transient(f"bean-check did not finish on {main_file}: {error}") from error
    try:
        problems = json.loads(process.stdout)["errors"]
    except (ValueError, KeyError, TypeError) as error:
        line = (process.stderr.strip() or process.stdout.strip() or "nothing").splitlines()[-1]
        raise Permanent(f"bean-check failed on {main_file}; it said: {line}") from error
    errors = tuple(
        f"{problem['filename']}:{problem['lineno']}: {problem['message']}" for problem in problems
    )
    return BeanCheckResult(ok=not errors and process.returncode == 0, errors=errors)
