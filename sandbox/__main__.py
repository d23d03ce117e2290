"""`python -m sandbox FOLDER PUBLIC_URL`: every platform at once, until interrupted.

For `daybook up --sandbox`. FOLDER is told how they are reached: `applications.json` (what is
registered with each), `PLATFORM.json` (what the seller of its first account pastes) and, when all
of them answer, `endpoints.json`. PUBLIC_URL is the console's, which some platforms are told beside
the consent.
"""

import json
import socket
import sys
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.ebay import EBay
from sandbox.money import live_to
from sandbox.platforms import EMULATORS, Emulator
from sandbox.server import bound, serving
from sandbox.tiktok import TikTok


def main(folder: Path, public_url: str) -> None:
    """Serve them, and write what there is to know."""
    made = {name: kind() for name, kind in EMULATORS.items()}
    for emulator in made.values():
        # To this day: what an owner tries out should look as if it had just happened.
        live_to(emulator, datetime.now(UTC).date())
    with ExitStack() as stack:
        hosts = {}
        for name, listener in listeners(folder / "ports.json").items():
            emulator = made[name]
            url = stack.enter_context(serving(emulator.application, listener))
            hosts[name] = emulator.endpoints(url)
            tell_callback(emulator, f"{public_url}/connect/{name}/callback")
            keys = emulator.chosen(emulator.first) | emulator.keys(emulator.first)
            write(folder / f"{name}.json", keys)
        applications = {name: emulator.fields() for name, emulator in made.items()}
        write(folder / "applications.json", {n: f for n, f in applications.items() if f})
        # Last: whoever waits for this file calls all of them at once.
        write(folder / "endpoints.json", hosts)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def listeners(file: Path) -> dict[str, socket.socket]:
    """Return a port each, the same as before: a shop is known by its address."""
    before = json.loads(file.read_text()) if file.exists() else {}
    sockets = {name: bound(before.get(name, 0)) for name in EMULATORS}
    write(file, {name: listener.getsockname()[1] for name, listener in sockets.items()})
    return sockets


def tell_callback(emulator: Emulator, address: str) -> None:
    """Set where sellers are sent back, at the platforms that take it from no request."""
    match emulator:
        case EBay():
            emulator.accept_url = address
        case TikTok():
            emulator.redirect_uri = address


def write(path: Path, document: Any) -> None:
    """Write a whole file or none: somebody waits for it."""
    fresh = path.with_name(f".tmp-{path.name}")
    # Before anything is in it: these are secrets, if only of pretended accounts.
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(document, indent=1) + "\n")
    fresh.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
