"""What can be connected, and how: as the command line and the API tell it."""

from typing import Any

from connectors.accounts.platform import Platform
from connectors.channels import CHANNELS


def files_taken(wanted: Platform) -> str | None:
    """Return the files of a platform that can be imported; None where there are none."""
    return CHANNELS[wanted.name].file if wanted.name in CHANNELS else None


def ways(wanted: Platform) -> list[str]:
    """Return how it is let in: by a consent, by credentials, or either."""
    found = {"consent": wanted.consent is not None, "credentials": bool(wanted.keys)}
    return [way for way, there in found.items() if there]


def described(wanted: Platform) -> dict[str, Any]:
    """Return a platform with its endpoints and everything it asks of a seller."""
    groups = {
        "application": wanted.application,
        "account": wanted.account,
        "credentials": wanted.keys,
    }
    return {
        "name": wanted.name,
        "title": wanted.title,
        "kind": wanted.kind,
        "file": files_taken(wanted),
        "connects_by": ways(wanted),
        "revoked_by_call": wanted.revoke is not None,
        "revocation": wanted.revocation,
        "endpoints": dict(wanted.endpoints),
        "sandbox": dict(wanted.sandbox),
        "fields": [
            {
                "name": field.name,
                "of": group,
                "title": field.title,
                "hint": field.hint,
                "secret": field.secret,
                "required": field.required,
                "options": dict(field.options),
            }
            for group, fields in groups.items()
            for field in fields
        ],
    }
