"""Channels that can be connected, and how, for the command line and the API."""

from typing import Any

from connectors.accounts.platform import Platform
from connectors.channels import CHANNELS


def files_taken(platform: Platform) -> str | None:
    """Return the files of a platform that can be imported; None where there are none."""
    # Accounting targets are platforms, and no channels.
    return CHANNELS[platform.name].file if platform.name in CHANNELS else None


def ways(platform: Platform) -> list[str]:
    """Return the ways to connect it: consent, credentials, or both."""
    offered = {"consent": platform.consent is not None, "credentials": bool(platform.keys)}
    return [way for way, there in offered.items() if there]


def described(platform: Platform) -> dict[str, Any]:
    """Return a platform with its endpoints and everything it asks of a seller."""
    groups = {
        "application": platform.application,
        "account": platform.account,
        "credentials": platform.keys,
    }
    return {
        "name": platform.name,
        "title": platform.title,
        "kind": platform.kind,
        "file": files_taken(platform),
        "connects_by": ways(platform),
        "revoked_by_call": platform.revoke is not None,
        "revocation": platform.revocation,
        "endpoints": dict(platform.endpoints),
        "sandbox": dict(platform.sandbox),
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
