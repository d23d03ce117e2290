"""How Daybook talks to platforms: one client, signing as `httpx2.Auth`, errors typed once."""

from connectors.http.remote import AccessRefused, Remote
from connectors.http.tokens import TokenAuth

__all__ = ["AccessRefused", "Remote", "TokenAuth"]
