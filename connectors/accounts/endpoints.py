"""Hosts of each platform: its own, its sandbox's, or those of `DAYBOOK_ENDPOINTS`.

The file is JSON, `{platform: {endpoint: url}}`; `daybook channels --json` names every endpoint.
It points Daybook at a proxy or a test server without a change to anything else.
"""

import json
from collections.abc import Mapping

from connectors.accounts.platform import SANDBOX, Platform
from connectors.accounts.platforms import PLATFORMS
from connectors.errors import BadInput
from connectors.home.settings import Settings


def endpoints(
    settings: Settings, platform: Platform, fields: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the platform's endpoints for an account with these fields, by name.

    `BadInput` for a file that cannot be read or names what does not exist.
    """
    sandbox = platform.sandbox if fields.get("environment") == SANDBOX else {}
    # The file overrides the sandbox too: a test server can replace either.
    return {**platform.endpoints, **sandbox, **_replaced(settings).get(platform.name, {})}


def _replaced(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    path = settings.endpoints_file
    if path is None:
        return {}
    where = f"DAYBOOK_ENDPOINTS ({path})"
    try:
        replacements = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{where} is not JSON: {error}") from error
    if not isinstance(replacements, dict):
        raise BadInput(f"{where} must be an object of platforms: {{channel: {{endpoint: url}}}}")
    for name, replaced in replacements.items():
        _check(where, name, replaced)
    return replacements


def _check(where: str, name: str, replaced: object) -> None:
    if name not in PLATFORMS:
        listed = ", ".join(sorted(PLATFORMS))
        raise BadInput(f"{where} names {name!r}, which is none of {listed}")
    if not isinstance(replaced, dict):
        raise BadInput(f"{where}: {name} must be an object of endpoints")
    for endpoint, url in replaced.items():
        # A misspelt name would silently leave the platform's own host in use.
        if endpoint not in PLATFORMS[name].endpoints:
            listed = ", ".join(PLATFORMS[name].endpoints)
            raise BadInput(f"{where}: {name} has no endpoint {endpoint!r}; it has {listed}")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise BadInput(f"{where}: {name}.{endpoint} must be an https:// or http:// address")
