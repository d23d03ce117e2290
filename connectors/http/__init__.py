"""How Daybook talks to platforms: one client, signing as `httpx2.Auth`, errors typed once."""

from connectors.http.asking import Answer, Ask, body
from connectors.http.remote import AccessRefused, Remote
from connectors.http.tokens import Remembered, TokenAuth
from connectors.http.waiting import PATIENT, Gate, Limit, Patience

__all__ = [
    "PATIENT",
    "AccessRefused",
    "Answer",
    "Ask",
    "Gate",
    "Limit",
    "Patience",
    "Remembered",
    "Remote",
    "TokenAuth",
    "body",
]
