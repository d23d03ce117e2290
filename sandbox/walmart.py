"""Walmart: sellers' own keys and delegated consents, as its OpenAPI document describes tokens.

Header rules, lifetimes and error bodies: Walmart's developer documentation on authentication.
"""

import base64
import secrets
import uuid
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import Grant, Granting, GrantRefusal, OAuth, back_to, consent_page
from sandbox.refusals import WALMART
from sandbox.sales import Sales
from sandbox.walmart_feeds import WalmartFeeds, earned, number_of
from sandbox.walmart_money import WalmartMoney
from sandbox.walmart_webhooks import WalmartWebhooks

_REPORTS = "/v3/report/reconreport"
MINUTE, DAY = 60.0, 86_400.0
CLIENT_TYPES = {"seller", "seller-ca", "seller-mx"}
SCOPES = {"reports": "view_only", "orders": "view_only", "item": "view_only", "price": "no_access"}


class Walmart(Granting):
    """The platform with its sellers; `oauth` is a provider's application, `own` sellers' keys."""

    def __init__(self) -> None:
        self.names = {"10001234567": "Harbour Goods", "10007654321": "Foundry Books"}
        self.first, self.second = self.names
        self.oauth = OAuth(
            access_seconds=15 * MINUTE,
            refresh_seconds=365 * DAY,
            # Begins like Walmart's own tokens.
            access_form=lambda _grant: f"eyJraWQiOiI1{secrets.token_urlsafe(24)}",
        )
        self.own: dict[str, tuple[str, str]] = {}
        self.money = {self.first: WalmartMoney(), self.second: WalmartMoney(quiet=True)}
        self.sales = {account: self._sales_of(account) for account in self.money}
        self.feeds = {account: WalmartFeeds(sales) for account, sales in self.sales.items()}
        self.limits = Limits(WALMART)
        self.webhooks = WalmartWebhooks(self.caller)
        application = Starlette(
            routes=[
                Route("/authorize", self._page, methods=["GET"]),
                Route("/authorize", self._decide, methods=["POST"]),
                Route("/v3/token", self._token, methods=["POST"]),
                Route("/v3/token/detail", self._detail),
                *self.webhooks.routes,
                Route(f"{_REPORTS}/availableReconFiles", self._dates),
                Route(f"{_REPORTS}/reconFile", self._file),
                Route(f"{_REPORTS}/reconFileJson", self._json),
                Route("/v3/orders", self._orders),
                Route("/v3/items", self._items),
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return {"api": url, "login": url}

    def chosen(self, account: str) -> dict[str, str]:
        """Return the market."""
        return {"market": "us"}

    def keys(self, account: str) -> dict[str, str]:
        """Return keys that the seller makes in the developer portal."""
        # A seller's own keys are a client of their own, with client_credentials and no consent.
        client_id, secret = str(uuid.uuid4()), secrets.token_urlsafe(40)
        self.own[client_id] = (secret, account)
        return {"client_id": client_id, "client_secret": secret, "seller_id": account}

    def revoke(self, account: str) -> None:
        """Reset the keys and take the consent back, as the seller does."""
        self.own = {key: held for key, held in self.own.items() if held[1] != account}
        self.oauth.revoke(account)

    def alive(self, account: str) -> bool:
        """Return whether keys or a consent of the seller stand."""
        return any(held[1] == account for held in self.own.values()) or self.oauth.alive(account)

    def caller(self, request: Request) -> str | None:
        """Return whose call it is."""
        return self.holder_of(request.headers.get("wm_sec.access_token", ""))

    async def _page(self, request: Request) -> Response:
        query = request.query_params
        needed = {"responseType", "clientId", "redirectUri", "clientType", "nonce", "state"}
        # Camel case throughout: not RFC 6749's parameter names.
        if needed - set(query) or query["responseType"] != "code":
            return Response("missing one or more parameters", 400)
        if query["clientId"] != self.oauth.client_id or query["clientType"] not in CLIENT_TYPES:
            return Response("unknown application", 400)
        return consent_page("Walmart", request, self.names)

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["decision"] == "deny":
            denied = {"error": "access_denied", "state": form["state"]}
            return back_to(form["redirectUri"], denied)
        answer = {
            "code": self.oauth.code([form["account"]], form["redirectUri"]),
            "type": "auth",
            "clientId": self.oauth.client_id,
            "sellerId": form["account"],
            "state": form["state"],
        }
        return back_to(form["redirectUri"], answer)

    async def _token(self, request: Request) -> Response:
        unheaded = _lacking(request)
        if unheaded is not None:
            return unheaded
        client_id, secret = _basic(request)
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") == "client_credentials":
            # Keys of a seller's own account: no consent and no refresh token.
            expected, seller = self.own.get(client_id, (None, ""))
            if expected != secret:
                return _unauthorised()
            return _answer(request, {"access_token": self.oauth.own(seller).access_token})
        if (client_id, secret) != (self.oauth.client_id, self.oauth.client_secret):
            return _unauthorised()
        return self._delegated(request, form)

    def _delegated(self, request: Request, form: dict[str, str]) -> Response:
        first = form.get("grant_type") == "authorization_code"
        try:
            if first:
                issued = self.oauth.redeem(form["code"], form["redirect_uri"])
            else:
                issued = self.oauth.refresh(form["refresh_token"])
        except GrantRefusal:
            return _unauthorised()
        # Delegated tokens need the seller's id in a header of its own.
        if request.headers.get("wm_partner.id") != issued.grant.accounts[0]:
            return _error(400, "INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "WM_PARTNER.ID")
        # Only the first exchange returns a refresh token; it lasts a year and isn't replaced.
        refresh = {"refresh_token": issued.refresh_token} if first else {}
        return _answer(request, {"access_token": issued.access_token, **refresh})

    async def _detail(self, request: Request) -> Response:
        unheaded = _lacking(request)
        if unheaded is not None:
            return unheaded
        token = request.headers.get("wm_sec.access_token", "")
        grant: Grant | None = self.oauth.holder(token)
        if grant is None or not self._knows(*_basic(request)):
            return _unauthorised()
        ends = self.oauth.access[token][1]
        return JSONResponse(
            {
                "expire_at": str(int(ends * 1000)),
                "issued_at": str(int((ends - self.oauth.access_seconds) * 1000)),
                "is_valid": True,
                "is_channel_match": True,
                "scopes": SCOPES,
            }
        )

    def _knows(self, client_id: str, secret: str) -> bool:
        application = (self.oauth.client_id, self.oauth.client_secret)
        return (client_id, secret) == application or self.own.get(client_id, (None,))[0] == secret

    async def _dates(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else money.answer_dates(request)

    async def _file(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else money.answer_file(request)

    async def _json(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else money.answer_json(request)

    async def _orders(self, request: Request) -> Response:
        feeds = self._feeds(request)
        return feeds if isinstance(feeds, Response) else feeds.answer_orders(request)

    async def _items(self, request: Request) -> Response:
        feeds = self._feeds(request)
        return feeds if isinstance(feeds, Response) else feeds.answer_items(request)

    def _feeds(self, request: Request) -> WalmartFeeds | Response:
        """Return the lists of whoever calls."""
        account = self._account(request)
        return account if isinstance(account, Response) else self.feeds[account]

    def _sales_of(self, account: str) -> Sales:
        return Sales(
            lambda: self.money[account],
            lambda: earned(self.money[account]),
            number_of,
            self.money[account].currency,
        )

    def _money(self, request: Request) -> WalmartMoney | Response:
        """Return the money of whoever calls."""
        account = self._account(request)
        return account if isinstance(account, Response) else self.money[account]

    def _account(self, request: Request) -> str | Response:
        """Return who calls, if the call has the headers that all have."""
        unheaded = _unheaded(request)
        if unheaded is not None:
            return unheaded
        grant = self.oauth.holder(request.headers.get("wm_sec.access_token", ""))
        return grant.accounts[0] if grant else _unauthorised()


def _basic(request: Request) -> tuple[str, str]:
    supplied = request.headers.get("authorization", "").removeprefix("Basic ")
    client_id, _, secret = base64.b64decode(supplied).decode().partition(":")
    return client_id, secret


def _lacking(request: Request) -> Response | None:
    """Return a refusal where a header is missing that the contract of tokens requires."""
    unheaded = _unheaded(request)
    if unheaded is not None:
        return unheaded
    if "x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        return _error(400, "INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "Content-Type")
    return None


def _unheaded(request: Request) -> Response | None:
    """Return a refusal where a header is missing that every call has."""
    try:
        uuid.UUID(request.headers.get("wm_qos.correlation_id", ""))
    except ValueError:
        return _error(400, "INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "WM_QOS.CORRELATION_ID")
    if not request.headers.get("wm_svc.name"):
        return _error(400, "INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "WM_SVC.NAME")
    return None


def _answer(request: Request, issued: dict[str, Any]) -> Response:
    # XML is Walmart's default at the token endpoint.
    if "json" not in request.headers.get("accept", ""):
        token = issued["access_token"]
        xml = f"<OAuthTokenDTO><accessToken>{token}</accessToken></OAuthTokenDTO>"
        return Response(xml, media_type="application/xml")
    return JSONResponse({**issued, "token_type": "Bearer", "expires_in": 900})


def _unauthorised() -> Response:
    return _error(401, "UNAUTHORIZED.GMP_GATEWAY_API", "UNAUTHORIZED")


def _error(status: int, code: str, field: str) -> Response:
    error: dict[str, object] = {
        "code": code,
        "field": field,
        "description": "Unauthorized" if status == 401 else "Invalid request",
        "info": "Unauthorized token or incorrect authorization header."
        if status == 401
        else "A required header is missing or wrong.",
        "severity": "ERROR",
        "category": "DATA",
        "causes": [],
        "errorIdentifiers": {},
    }
    return JSONResponse({"errors": [error]}, status)
