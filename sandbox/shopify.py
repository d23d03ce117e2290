"""Shopify: OAuth per shop, tokens that expire and rotate, and a corner of its GraphQL schema.

Lifetimes, the callback's `hmac` and error bodies: Shopify's documents on access tokens.
Shops live on one server: each at a path that is its domain. The third takes no Shopify Payments.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from graphql import build_schema, graphql_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faulty
from sandbox.limits import Limits
from sandbox.oauth import Granting, GrantRefusal, Issued, OAuth, back_to, consent_page
from sandbox.refusals import SHOPIFY
from sandbox.sales import Sales
from sandbox.shopify_bulk import BulkDesk
from sandbox.shopify_costs import LARGEST_COST, actual_cost, requested_cost
from sandbox.shopify_gateways import GatewayMoney
from sandbox.shopify_money import ShopifyMoney
from sandbox.shopify_orders import ShopFeeds, earned, number_of, variant_node
from sandbox.shopify_schema import SCHEMA
from sandbox.shopify_search import connection
from sandbox.shopify_webhooks import SCHEMA as WEBHOOKS
from sandbox.shopify_webhooks import ShopifyWebhooks

HOUR, DAY = 3_600.0, 86_400.0
# Few, so that a shop has several pages; Shopify's own limit is 250.
_VARIANTS_AT_ONCE = 2
VERSION = "2026-10"


@dataclass(frozen=True)
class ShopifyShop:
    """One shop."""

    id: str
    domain: str
    name: str
    country: str
    currency: str
    timezone: str


class Shopify(Granting):
    """The platform with its shops; `oauth` is what they granted, `throttled` queries to refuse."""

    def __init__(self) -> None:
        harbour = ("Harbour Coffee", "US", "USD", "America/New_York")
        foundry = ("Foundry Books", "GB", "GBP", "Europe/London")
        lantern = ("Paper Lantern", "GB", "GBP", "Europe/London")
        self.shops = {
            "548380009": ShopifyShop("548380009", "harbour-coffee.myshopify.com", *harbour),
            "690933842": ShopifyShop("690933842", "foundry-books.myshopify.com", *foundry),
            "712004466": ShopifyShop("712004466", "paper-lantern.myshopify.com", *lantern),
        }
        self.first, self.second, self.third = self.shops
        self.money: dict[str, ShopifyMoney | GatewayMoney] = {
            self.first: ShopifyMoney(),
            self.second: ShopifyMoney(("GBP",), "Europe/London", seed=2, quiet=True),
            self.third: GatewayMoney(),
        }
        self.sales = {shop.id: self._sales_of(shop) for shop in self.shops.values()}
        self.variants = {
            account: [variant_node(listing, sales.currency) for listing in sales.listings]
            for account, sales in self.sales.items()
        }
        self.throttled = 0
        self.limits = Limits(SHOPIFY)
        self.lacking_scope, self.all_orders = False, True
        # Shops whose customers the application is not approved to see.
        self.protecting: set[str] = set()
        self._schema = build_schema(SCHEMA + WEBHOOKS)
        self.bulk = BulkDesk()
        self._installed: set[str] = set()
        self.oauth = OAuth(
            access_seconds=HOUR,
            refresh_seconds=90 * DAY,
            rotates=True,
            # Since August 2026; it was an hour before (Shopify's changelog on refreshes).
            grace_seconds=30 * DAY,
            access_form=lambda _grant: f"shpat_{secrets.token_hex(16)}",
        )
        self.webhooks = ShopifyWebhooks(self.oauth.client_secret)
        graphql = f"/{{shop}}/admin/api/{VERSION}/graphql.json"
        self.faults = Faulty(
            Starlette(
                routes=[
                    Route("/{shop}/admin/oauth/authorize", self._page, methods=["GET"]),
                    Route("/{shop}/admin/oauth/authorize", self._decide, methods=["POST"]),
                    Route("/{shop}/admin/oauth/access_token", self._token, methods=["POST"]),
                    Route(graphql, self._graphql, methods=["POST"]),
                    Route("/bulk/{number}.jsonl", self.bulk.download),
                ]
            )
        )

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return {"shop": url + "/{shop}"}

    def chosen(self, account: str) -> dict[str, str]:
        """Return the shop's domain."""
        return {"shop": self.shops[account].domain}

    def keys(self, account: str) -> dict[str, str]:
        """Return a refresh token of an installation that was made before."""
        self._installed.add(account)
        return {"refresh_token": self.oauth.granted(account)}

    def custom_app(self, account: str) -> str:
        """Return the token of an app that the shop made for itself; it does not end."""
        # Tokens of custom apps never expire.
        return self.oauth.lasting(account)

    def revoke(self, account: str) -> None:
        """Uninstall the application, as the merchant does."""
        self._installed.discard(account)
        self.oauth.revoke(account)

    def _sales_of(self, shop: ShopifyShop) -> Sales:
        return Sales(
            lambda: self.money[shop.id],
            lambda: earned(self.money[shop.id]),
            number_of,
            shop.currency,
        )

    def _shop(self, request: Request) -> ShopifyShop:
        domain = request.path_params["shop"]
        return next(shop for shop in self.shops.values() if shop.domain == domain)

    async def _page(self, request: Request) -> Response:
        form, shop = request.query_params, self._shop(request)
        if form.get("client_id") != self.oauth.client_id:
            return Response("Oauth error invalid_request: unknown client_id", 400)
        # Daybook must never ask for a scope that writes.
        if not all(scope.startswith("read_") for scope in form.get("scope", "").split(",")):
            return Response("Oauth error invalid_scope", 400)
        if not form.get("redirect_uri", "").startswith("http"):
            return Response("Oauth error invalid_request: redirect_uri is not whitelisted", 400)
        return consent_page("Shopify", request, {shop.id: shop.name})

    async def _decide(self, request: Request) -> Response:
        form, shop = dict(parse_qsl((await request.body()).decode())), self._shop(request)
        if form["decision"] == "deny":
            return back_to(form["redirect_uri"], {"error": "access_denied", "state": form["state"]})
        self._installed.add(shop.id)
        answer = {
            "code": self.oauth.code([shop.id], form["redirect_uri"]),
            "shop": shop.domain,
            "host": base64.b64encode(f"admin.shopify.com/store/{shop.name}".encode()).decode(),
            "timestamp": str(int(time.time())),
            "state": form["state"],
        }
        return back_to(form["redirect_uri"], {"hmac": self.signature(answer), **answer})

    def signature(self, parameters: dict[str, str]) -> str:
        """Return the `hmac` of a callback."""
        # Sorted and without the hmac itself, as Shopify signs callbacks.
        text = urlencode(sorted(parameters.items()))
        secret = self.oauth.client_secret.encode()
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

    async def _token(self, request: Request) -> Response:
        body, shop = (await request.body()).decode(), self._shop(request)
        is_json = "application/json" in request.headers.get("content-type", "")
        form: dict[str, str] = json.loads(body) if is_json else dict(parse_qsl(body))
        if (form.get("client_id"), form.get("client_secret")) != (
            self.oauth.client_id,
            self.oauth.client_secret,
        ):
            return _error("invalid_client", "The client is not known.", 401)
        # An uninstalled app gets this instead of invalid_grant.
        if shop.id not in self._installed:
            return _error("application_cannot_be_found", "The application cannot be found.")
        if form.get("grant_type") == "refresh_token":
            return self._refreshed(form)
        return self._redeemed(form, shop)

    def _redeemed(self, form: dict[str, str], shop: ShopifyShop) -> Response:
        try:
            issued = self.oauth.redeem(form["code"], form.get("redirect_uri"))
        except GrantRefusal:
            return _error("invalid_request", "The authorization code was not found or was used.")
        if issued.grant.accounts != (shop.id,):
            # Codes are bound to the shop whose page granted them.
            return _error("invalid_request", "The authorization code is of another shop.")
        # Without the parameter Shopify still issues tokens that never expire.
        if form.get("expiring") != "1":
            return JSONResponse({"access_token": self.oauth.lasting(shop.id), "scope": "read"})
        return JSONResponse(self._issued(issued))

    def _refreshed(self, form: dict[str, str]) -> Response:
        try:
            return JSONResponse(self._issued(self.oauth.refresh(form["refresh_token"])))
        except GrantRefusal:
            return _error("invalid_grant", "Token has been expired or revoked.")

    def _issued(self, issued: Issued) -> dict[str, Any]:
        return {
            "access_token": issued.access_token,
            "scope": "read_orders,read_products",
            "expires_in": int(self.oauth.access_seconds),
            "refresh_token": issued.refresh_token,
            "refresh_token_expires_in": int(issued.grant.refresh_ends - self.oauth.now()),
        }

    async def _graphql(self, request: Request) -> Response:
        shop = self._shop(request)
        grant = self.oauth.holder(request.headers.get("x-shopify-access-token", ""))
        # A token of one shop is useless at another's address.
        if grant is None or grant.accounts != (shop.id,):
            text = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return JSONResponse({"errors": text}, 401)
        body = await request.json()
        form: dict[str, Any] = body.get("variables") or {}
        points = requested_cost(body["query"], form)
        # Refused whatever the bucket holds: waiting would not help.
        if points > LARGEST_COST:
            text = f"Query cost is {points}, which exceeds the single query max cost limit (1000)."
            return _errors(text, "MAX_COST_EXCEEDED", self._charged(request, points, shop))
        if self.throttled or self.limits.admit(request.url.path, shop.id, points):
            charged = self._charged(request, points, shop)
            if self.throttled:
                self.throttled -= 1
                # The caller must compute its wait from these figures; there is no Retry-After.
                charged["throttleStatus"]["currentlyAvailable"] = points - 200
            return _errors("Throttled", "THROTTLED", charged)
        protects = self._protects(shop, body["query"])
        if self.lacking_scope or protects:
            charged = self._charged(request, points, shop)
            return _errors("Access denied for shop field.", "ACCESS_DENIED", charged)
        root = self._root(shop, f"{request.url.scheme}://{request.url.netloc}")
        completed = graphql_sync(self._schema, body["query"], root, variable_values=form)
        actual = min(points, actual_cost(body["query"], completed.data))
        # Charged by the requested cost first, then corrected to the actual one.
        self.limits.give_back(request.url.path, shop.id, points - actual)
        charged = {**self._charged(request, points, shop), "actualQueryCost": actual}
        return JSONResponse({**completed.formatted, "extensions": {"cost": charged}})

    def _charged(self, request: Request, points: int, shop: ShopifyShop) -> dict[str, Any]:
        """Return what a query costs, and what is left; no two answers say the same."""
        (bucket,) = self.limits.meters(request.url.path, shop.id).values()
        return {
            "requestedQueryCost": points,
            "throttleStatus": {
                "maximumAvailable": 2000,
                "currentlyAvailable": round(bucket.left, 3),
                "restoreRate": 100,
            },
        }

    def _protects(self, shop: ShopifyShop, query: str) -> bool:
        return shop.id in self.protecting and "customer" in query

    def _root(self, shop: ShopifyShop, base: str) -> dict[str, Any]:
        def uninstall(_info: object) -> dict[str, Any]:
            self.revoke(shop.id)
            return {"app": {"id": "gid://shopify/App/1"}, "userErrors": []}

        feeds = ShopFeeds(self.sales[shop.id], self.money[shop.id]).root()

        def run_bulk(_info: object, query: str, **_options: object) -> dict[str, Any]:
            denied = self._protects(shop, query)
            return self.bulk.run(
                query, lambda text: graphql_sync(self._schema, text, feeds).data, is_denied=denied
            )

        scopes = ["read_orders", *(["read_all_orders"] if self.all_orders else [])]
        return {
            "shop": {
                "id": f"gid://shopify/Shop/{shop.id}",
                "name": shop.name,
                "myshopifyDomain": shop.domain,
                "currencyCode": shop.currency,
                "ianaTimezone": shop.timezone,
                "shopAddress": {
                    "id": f"gid://shopify/ShopAddress/{shop.id}",
                    "countryCodeV2": shop.country,
                },
            },
            "appUninstall": uninstall,
            "currentAppInstallation": {"accessScopes": [{"handle": name} for name in scopes]},
            "productVariants": lambda _info, **query: connection(
                self.variants[shop.id], query, _VARIANTS_AT_ONCE
            ),
            **self.webhooks.root(shop.id),
            **self.money[shop.id].root(),
            **feeds,
            "bulkOperationRunQuery": run_bulk,
            "bulkOperation": lambda _info, id: self.bulk.operations[id].as_seen(base),
        }


def _error(code: str, text: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": text}, status)


def _errors(message: str, code: str, cost: dict[str, Any]) -> Response:
    errors = [{"message": message, "extensions": {"code": code}}]
    # Errors of GraphQL come in a 200.
    return JSONResponse({"errors": errors, "extensions": {"cost": cost}})
