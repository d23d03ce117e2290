"""The sandbox: emulators of all platforms, to try connecting without a developer account.

A home is a sandbox from its beginning and for good, or never: tokens of real accounts must not go
to an emulator, nor made-up sales into real books.
"""

import json
import sys
from typing import Final

from connectors.database.registry import Registry
from connectors.errors import BadInput
from connectors.home.settings import Settings
from console.programs import Service

LOOPBACK_HOSTS: Final = "127.0.0.1,localhost"
ACTOR: Final = "sandbox"


def check(home: Settings, as_sandbox: bool) -> None:
    """Raise `BadInput` where a sandbox is started as anything else."""
    if not as_sandbox and home.is_sandbox:
        raise BadInput(
            f"{home.home} is a sandbox permanently: start it with `daybook up --sandbox`, and keep "
            "real accounts in another home (DAYBOOK_HOME)"
        )


def claim(home: Settings) -> None:
    """Make a home without connections a sandbox; `BadInput` if it has any."""
    from connectors.accounts.accounts import Accounts
    from connectors.accounts.platforms import PLATFORMS

    if home.is_sandbox:
        return
    with Registry.open(home) as registry:
        accounts = Accounts(home, registry)
        used = any(accounts.registered(platform) for platform in PLATFORMS.values())
        if used or registry.connections.list():
            raise BadInput(
                f"{home.home} has connections or applications already: give the sandbox a home "
                "of its own (DAYBOOK_HOME)"
            )
    # The folder marks the home as a sandbox, and holds the keys to its accounts.
    home.sandbox_folder.mkdir(mode=0o700)


def emulators(home: Settings) -> Service:
    """Return the program that runs them; it says in the sandbox's folder how they are reached."""
    hosts = home.sandbox_folder / "endpoints.json"
    # One from before would say that the emulators answer already.
    hosts.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox", str(home.sandbox_folder), home.public_url]
    return Service("sandbox", command, hosts.is_file, essential=True, restartable=False)


def environment(home: Settings) -> dict[str, str]:
    """Return what points the programs at the emulators, whatever the shell says."""
    return {
        "DAYBOOK_ENDPOINTS": str(home.sandbox_folder / "endpoints.json"),
        "DAYBOOK_ALLOWED_PRIVATE_HOSTS": LOOPBACK_HOSTS,
    }


def register(home: Settings) -> None:
    """Keep the application that each emulator knows, as an administrator does once."""
    from connectors.accounts.accounts import Accounts
    from connectors.accounts.platforms import PLATFORMS

    file = home.sandbox_folder / "applications.json"
    applications = json.loads(file.read_text(encoding="utf-8"))
    with Registry.open(home) as registry:
        accounts = Accounts(home, registry)
        for name, fields in applications.items():
            accounts.register(PLATFORMS[name], fields, ACTOR)


def described(home: Settings) -> list[str]:
    """Return what to do with it, in lines for a person."""
    from connectors.accounts.platforms import PLATFORMS

    example = home.sandbox_folder / "square.json"
    return [
        f"sandbox  {len(PLATFORMS)} platforms that only pretend; the key to an account of each is "
        f"in {home.sandbox_folder}, as in",
        f"         daybook connections add square --name Coffee --credentials {example}",
        "         they forget all when they stop: after a restart, connect the accounts again",
    ]
