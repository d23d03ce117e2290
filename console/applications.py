"""The applications that this house registered with platforms: shown without secrets, kept, dropped.

The command line and the API share it.
"""

from collections.abc import Mapping
from typing import Any

from connectors.accounts.accounts import Accounts
from connectors.accounts.credentials import application
from connectors.accounts.platform import Platform
from connectors.errors import BadInput


def shown(accounts: Accounts, wanted: Platform) -> dict[str, Any]:
    """Return the application registered with a platform, without its secrets."""
    kept = accounts.registered(wanted)
    return {
        "channel": wanted.name,
        "registered": bool(kept),
        "fields": {
            field.name: kept[field.name]
            for field in wanted.application
            if field.name in kept and not field.secret
        },
    }


def keep(accounts: Accounts, wanted: Platform, given: Mapping[str, str], actor: str) -> None:
    """Keep a platform's application; `BadInput` for fields that an application does not have."""
    foreign = sorted(set(given) - {field.name for field in wanted.application})
    if foreign:
        names = ", ".join(field.name for field in wanted.application) or "none"
        raise BadInput(f"{', '.join(foreign)} is no field of an application: it has {names}")
    accounts.register(wanted, given, actor)


def forget(accounts: Accounts, wanted: Platform, actor: str) -> None:
    """Drop a platform's application; connections that use it stop at their next token."""
    accounts.vault.forget(application(wanted))
    accounts.registry.audit.record(actor, "application.forgotten", wanted.name, {})
