"""The errors of TikTok Shop's responses: success is `code` 0 in the body, whatever the status is.

The codes are those that Partner Center and its users report; the messages change, so they are
read only where one code has several meanings.
"""

import httpx2

from connectors.accounts.broker import GrantRefused
from connectors.errors import ConfigError, Permanent, RateLimited, Transient
from connectors.http import AccessRefused, body
from connectors.http.remote import wait_seconds

TITLE = "TikTok Shop"

_TOKEN_INVALID, _TOKEN_EXPIRED, _NO_SCOPE = 105001, 105002, 105005
_SIGNATURE_WRONG = 106001
# A shop's cipher is wrong, or missing where one is needed.
_CIPHERS = {106011, 106013}
_TOO_MANY, _INTERNAL, _PARAMETER, _ADDRESS = 36009002, 36009003, 36009004, 36009033
# Token requests: a parameter (also a code that is too old), a used code, a dead refresh token.
_SPENT = {98001004, 98001005, 98001006}


def token_refused(response: httpx2.Response) -> bool:
    """Return whether the access token is the trouble; that comes with 401 and with 200."""
    code, _ = _envelope(response)
    unnamed = code is None and response.status_code == httpx2.codes.UNAUTHORIZED
    return unnamed or code in {_TOKEN_INVALID, _TOKEN_EXPIRED}


def refusal(response: httpx2.Response) -> Exception | None:
    """Return the error of a call to the API; None for success and for what has no envelope."""
    code, message = _envelope(response)
    error = _either(code, message, response)
    if not code or error is not None:
        return error
    if code == _NO_SCOPE:
        return ConfigError(
            f"{TITLE} does not allow {response.request.url.path}: enable its scope for the "
            "application in Partner Center, then connect the shop again"
        )
    if code in _CIPHERS:
        return ConfigError(f"{TITLE} no longer knows this shop: connect it again")
    if _about_grants(code) or (code == _PARAMETER and "token" in message):
        return AccessRefused(f"{TITLE} no longer accepts the authorisation: connect it again")
    return Permanent(f"{TITLE} refuses {response.request.url.path} (code {code})")


def token_refusal(response: httpx2.Response) -> Exception | None:
    """Return the error of a token request; `GrantRefused` for a code or token that buys nothing."""
    code, message = _envelope(response)
    error = _either(code, message, response)
    if not code or error is not None:
        return error
    if code in _SPENT or _about_grants(code):
        return GrantRefused(TITLE)
    return Permanent(f"{TITLE} gives no token (code {code})")


def _about_grants(code: int) -> bool:
    """Return whether a code is about a token or an authorisation.

    The code after a seller has left is UNCONFIRMED.
    """
    return str(code).startswith(("105", "36004"))


def _either(code: int | None, message: str, response: httpx2.Response) -> Exception | None:
    """Return the error of a code that means the same wherever it comes from."""
    if code == _TOO_MANY:
        wait = wait_seconds(response)
        return RateLimited(f"{TITLE} asks us to wait {wait:g} s", wait)
    if code == _INTERNAL:
        return Transient(f"{TITLE} has an internal error: try again")
    if code == _SIGNATURE_WRONG or (code == _PARAMETER and "app_" in message):
        return ConfigError(f"{TITLE} refuses the application: correct its app key and secret")
    if code == _PARAMETER and "timestamp" in message:
        return ConfigError(f"{TITLE} finds our clock wrong: set this computer's time")
    if code == _ADDRESS:
        return ConfigError(
            f"{TITLE} does not allow this computer's address: add it to the application's list"
        )
    return None


def _envelope(response: httpx2.Response) -> tuple[int | None, str]:
    try:
        fields = body(response)
        return int(fields["code"]), str(fields.get("message", "")).lower()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, ""
