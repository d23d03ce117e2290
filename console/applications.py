"""Applications registered with platforms: shown without secrets, saved, deleted.

The command line and the API share it.
"""

from collections.abc import Mapping
from typing import Any

from connectors.accounts.accounts import Accounts
from connectors.accounts.credentials import application
from connectors.accounts.platform import Platform
from connectors.errors import BadInput


def shown(accounts: Accounts, platform: Platform) -> dict[str, Any]:
    """Return the application registered with a platform, without its secrets."""
    stored = accounts.registered(platform)
    return {
        "channel": platform.name,
        "registered": bool(stored),
        "fields": {
            field.name: stored[field.name]
            for field in platform.application
            if field.name in stored and not field.secret
        },
    }


def keep(accounts: Accounts, platform: Platform, typed: Mapping[str, str], actor: str) -> None:
    """Keep a platform's application; `BadInput` for fields that an application does not have."""
    foreign = sorted(set(typed) - {field.name for field in platform.application})
    if foreign:
        names = ", ".join(field.name for field in platform.application) or "none"
        raise BadInput(f"{', '.join(foreign)} is no field of an application: it has {names}")
    accounts.register(platform, typed, actor)


def forget(accounts: Accounts, platform: Platform, actor: str) -> None:
    """Drop a platform's application; connections that use it stop at their next token."""
    accounts.vault.forget(application(platform))
    accounts.registry.audit.record(actor, "application.forgotten", platform.name, {})
