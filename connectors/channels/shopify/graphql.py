"""Shopify's Admin GraphQL API: its queries, and its errors, which come in a 200.

Facts: the Admin GraphQL API's pages on rate limits and errors (shopify.dev/docs/api/admin-graphql).
"""

from collections.abc import Mapping
from typing import Any

import httpx2

from connectors.accounts.platform import Access
from connectors.errors import ConfigError, DaybookError, Permanent, RateLimited, Transient
from connectors.http import Remote, TokenAuth, body

VERSION = "2026-10"
_FALLBACK_WAIT = 10.0

# The shop itself is closed: its owner has not paid Shopify, or Shopify has shut it.
_CLOSED = {402: "frozen", 423: "locked"}


class TooCostly(Permanent):
    """A query that costs more than Shopify answers at once: ask for fewer nodes."""


class AccessDenied(ConfigError):
    """A query for something that the application or the shop's plan may not see."""


def signing(access: Access) -> httpx2.Auth:
    """Return the token goes in a header of Shopify's own."""
    return TokenAuth(access.token, "X-Shopify-Access-Token", "{}")


def run_query(access: Access, query: str, variables: Mapping[str, object] | None = None) -> Any:
    """Return the `data` that a query answers.

    Raises as `Remote.call` does, and for GraphQL errors.
    """
    url = access.url("shop", f"/admin/api/{VERSION}/graphql.json")
    with Remote("Shopify", signing(access), error_for) as shopify:
        response = shopify.post(url, json={"query": query, "variables": dict(variables or {})})
    return response["data"]


def error_for(response: httpx2.Response) -> DaybookError | None:
    """Return the error in a response whose status doesn't show it."""
    closed = _CLOSED.get(response.status_code)
    if closed is not None:
        return ConfigError(f"Shopify has {closed} this shop: its owner must settle that there")
    if not response.is_success:
        return None
    try:
        response = body(response)
    except ValueError:
        return None
    if not isinstance(response, dict):
        return Permanent("Shopify answers with something that is no GraphQL")
    errors = response.get("errors")
    if errors:
        return _error_of(errors, response)
    return None if "data" in response else Permanent("Shopify answers without data")


def _error_of(errors: Any, response: Mapping[str, Any]) -> DaybookError:
    listed = [error for error in errors if isinstance(error, dict)]
    codes = {str(error.get("extensions", {}).get("code")) for error in listed}
    if "THROTTLED" in codes:
        wait = _wait(response)
        return RateLimited(f"Shopify asks us to wait {wait:g} s", wait)
    if "MAX_COST_EXCEEDED" in codes:
        return TooCostly("Shopify refuses our question: it costs too much")
    if "INTERNAL_SERVER_ERROR" in codes:
        return Transient("Shopify answers with an error: try again")
    if "SHOP_INACTIVE" in codes:
        return ConfigError("Shopify has closed this shop: its owner must settle that there")
    if "ACCESS_DENIED" in codes:
        return AccessDenied(
            "Shopify does not allow this: the application lacks a scope for it, or the shop has "
            "not granted it"
        )
    # Cut: a message may repeat the query.
    messages = "; ".join(str(error.get("message", ""))[:200] for error in listed[:3])
    return Permanent(f"Shopify refuses our question: {messages or 'it does not say why'}")


def _wait(response: Mapping[str, Any]) -> float:
    """Return the seconds until the bucket holds what the query costs."""
    try:
        # GraphQL answers throttling with 200 and no Retry-After; the bucket says how long.
        cost = response["extensions"]["cost"]
        bucket = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(bucket["currentlyAvailable"])
        return max(1.0, missing / float(bucket["restoreRate"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return _FALLBACK_WAIT
