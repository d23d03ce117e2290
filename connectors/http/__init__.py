"""Calls to platforms: one client, signing as `httpx2.Auth`, errors typed once."""

from connectors.http.limits import RETRY, Limit, RateLimiter, RetryPolicy
from connectors.http.messages import Request, Response, body
from connectors.http.remote import AccessRefused, Remote
from connectors.http.tokens import Remembered, TokenAuth

__all__ = [
    "RETRY",
    "AccessRefused",
    "Limit",
    "RateLimiter",
    "Remembered",
    "Remote",
    "Request",
    "Response",
    "RetryPolicy",
    "TokenAuth",
    "body",
]
