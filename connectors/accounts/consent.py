"""Consent requests: sending a seller's browser to a platform, and validating its return.

The `state` is random, valid once and for ten minutes, and bound to the browser session that started
it (RFC 6749, section 10.12). The PKCE verifier (RFC 7636) stays in the vault.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from connectors.accounts.vault import Vault
from connectors.database.registry import PendingConsent, Refusal
from connectors.errors import BadInput

STATE_LIFETIME = timedelta(minutes=10)
_VERIFIER = "pkce_verifier:"

_REASONS: dict[Refusal, str] = {
    "unknown": "Unrecognised authorisation request. Start again from Connected Stores.",
    "foreign": "This authorisation began in another browser. Finish it there, or start again.",
    "replayed": "This authorisation is already finished. If nothing is connected, start again.",
    "expired": "This authorisation took longer than ten minutes. Start again.",
}


class ConsentRefused(BadInput):
    """A response that must not be used; `reason` is one of four."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(_REASONS[reason])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Question:
    """The request sent to the platform: `challenge` is the S256 of a verifier that stays here."""

    state: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The connection of a consent, and what its code is exchanged with."""

    connection: str
    redirect_uri: str
    verifier: str


def ask(vault: Vault, connection: str, session: str, redirect_uri: str) -> Question:
    """Begin an authorisation for a connection from a browser session."""
    # RFC 7636 wants 43 to 128 characters for a verifier; 48 bytes make 64.
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    vault.save(connection, {_VERIFIER + _digest(state): verifier})
    # Digests only: whoever reads the registry must not be able to answer in a seller's place.
    vault.registry.consents.add(_digest(state), connection, _digest(session), redirect_uri)
    challenge = hashlib.sha256(verifier.encode()).digest()
    return Question(state, base64.urlsafe_b64encode(challenge).rstrip(b"=").decode())


def handed_over(vault: Vault, state: str) -> str:
    """Return the connection of a consent that a platform answers without a browser.

    It stays open: the seller's browser still has to return.
    """
    consent = vault.registry.consents.get_open(_digest(state), STATE_LIFETIME)
    if not isinstance(consent, PendingConsent):
        raise ConsentRefused(consent)
    return consent.connection


def requested_connection(vault: Vault, state: str, session: str) -> str | None:
    """Return the connection that a browser session started a consent for, finished or not."""
    return vault.registry.consents.connection_of(_digest(state), _digest(session))


def answer(vault: Vault, state: str, session: str) -> Answered:
    """Return the consent that a callback answers; `ConsentRefused` for an invalid one.

    The first response closes every open consent of its connection.
    """
    consent = vault.registry.consents.take(_digest(state), _digest(session), STATE_LIFETIME)
    if not isinstance(consent, PendingConsent):
        raise ConsentRefused(consent)
    with vault.hold(consent.connection) as locked:
        verifier = locked.fields.get(_VERIFIER + _digest(state))
        # Older verifiers too: consents that were left open would otherwise pile up in the vault.
        locked.save({name: None for name in list(locked.fields) if name.startswith(_VERIFIER)})
    if verifier is None:
        raise ConsentRefused("replayed")
    return Answered(consent.connection, consent.redirect_uri, verifier)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
