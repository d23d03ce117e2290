"""TikTok Shop: authorise pages of two worlds, a token endpoint of GETs, signed calls, finance.

Envelopes, codes and lifetimes: Partner Center's documents on authorisation and errors. What is
UNCONFIRMED there is taken as strictly as it may be: a refresh kills the refresh token before.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.channels.tiktok.markets import CURRENCIES, SOUTH_EAST_ASIA
from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import Grant, Granting, GrantRefusal, Issued, OAuth, back_to, consent_page
from sandbox.refusals import TIKTOK
from sandbox.sales import Sales
from sandbox.tiktok_answers import error_answer, success
from sandbox.tiktok_feeds import TiktokFeeds, earned, number_of
from sandbox.tiktok_money import Invalid, TikTokMoney
from sandbox.tiktok_shops import SCOPES, SHOPS, TiktokShop
from sandbox.tiktok_webhooks import TikTokWebhooks

DAY = 86_400.0
# Five minutes old by Partner Center's page on signatures; 30 s ahead as integrations found.
EARLIEST, LATEST = -300.0, 30.0


class TikTok(Granting):
    """The platform; `refuses_with` is the status of a call whose token ended."""

    service_id = "7270000000000000009"

    def __init__(self) -> None:
        self.shops = {shop.id: replace(shop) for shop in SHOPS}
        self.first, self.second = SHOPS[0].id, SHOPS[1].id
        self.money = {
            shop.id: TikTokMoney(
                CURRENCIES[shop.region],
                seed=number,
                quiet=shop.id == self.second,
                american=shop.region == "US",
                abroad=shop.seller_type == "CROSS_BORDER",
            )
            for number, shop in enumerate(SHOPS, start=1)
        }
        self.sales = {account: self._sales_of(account) for account in self.shops}
        self.redirect_uri = "http://localhost:8080/connect/tiktok/callback"
        self.refuses_with = 401
        self.user_type = 0
        self.oauth = OAuth(
            # Seven days by TikTok's own SDK; the year is often quoted and UNCONFIRMED.
            access_seconds=7 * DAY,
            refresh_seconds=365 * DAY,
            rotates=True,
            client_id="68xu9ks5p4i8",
            client_secret="tiktok-app-secret",
        )
        self.limits = Limits(TIKTOK)
        self.webhooks = TikTokWebhooks(
            self.oauth.client_id,
            self.oauth.client_secret,
            lambda request, body: self._granted(request, body, of_a_shop=True),
        )
        application = Starlette(
            routes=[
                Route("/authorise/{world}/open/authorize", self._page, methods=["GET"]),
                Route("/authorise/{world}/open/authorize", self._decide, methods=["POST"]),
                Route("/api/v2/token/get", self._get),
                Route("/api/v2/token/refresh", self._refresh),
                Route("/authorization/202309/shops", self._shops),
                *self.webhooks.routes,
                Route("/finance/202309/statements", self._statements),
                Route("/finance/202309/payments", self._payments),
                Route(
                    "/finance/202501/statements/{number}/statement_transactions",
                    self._transactions,
                ),
                Route("/order/202309/orders/search", self._orders, methods=["POST"]),
                Route("/product/202309/products/search", self._products, methods=["POST"]),
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return {
            "authorise_us": f"{url}/authorise/us",
            "authorise_global": f"{url}/authorise/global",
            "auth": url,
            "api": url,
        }

    def fields(self) -> dict[str, str]:
        """Return the application, registered."""
        return {
            "client_id": self.oauth.client_id,
            "client_secret": self.oauth.client_secret,
            "service_id": self.service_id,
        }

    def chosen(self, account: str) -> dict[str, str]:
        """Return where the seller signs in."""
        return {"account_type": self.shops[account].world}

    def keys(self, account: str) -> dict[str, str]:
        """Return a refresh token for every shop of the seller."""
        return {"refresh_token": self.oauth.granted(*self._shops_of(self.shops[account].seller))}

    def picks(self, account: str) -> str:
        """Return the seller: a consent covers every shop of one."""
        return self.shops[account].seller

    def caller(self, request: Request) -> str | None:
        """Return the shop that a call names, or the first of whoever calls."""
        holder = self.holder_of(request.headers.get("x-tts-access-token", ""))
        cipher = request.query_params.get("shop_cipher")
        named = (shop.id for shop in self.shops.values() if shop.cipher == cipher)
        return holder and next(named, holder)

    def _shops_of(self, seller: str) -> list[str]:
        return [shop.id for shop in self.shops.values() if shop.seller == seller]

    async def _page(self, request: Request) -> Response:
        query, world = request.query_params, request.path_params["world"]
        if query.get("service_id") != self.service_id or not query.get("state"):
            return Response("unknown service or no state", 400)
        sellers = {s.seller: s.name for s in self.shops.values() if s.world == world}
        return consent_page(TITLE, request, sellers)

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["decision"] == "deny":
            return back_to(self.redirect_uri, {"error": "access_denied", "state": form["state"]})
        code = self.oauth.code(self._shops_of(form["account"]), self.redirect_uri)
        answer = {"app_key": self.oauth.client_id, "code": code, "locale": "en-GB"}
        return back_to(self.redirect_uri, {**answer, "state": form["state"]})

    async def _get(self, request: Request) -> Response:
        query = request.query_params
        if query.get("grant_type") != "authorized_code":
            return error_answer(98001004, "grant_type is invalid")
        try:
            return self._known(query) or self._pair(self.oauth.redeem(query["auth_code"], None))
        except GrantRefusal:
            return error_answer(36004004, "invalid auth code")

    async def _refresh(self, request: Request) -> Response:
        query = request.query_params
        if query.get("grant_type") != "refresh_token":
            return error_answer(98001004, "grant_type is invalid")
        try:
            return self._known(query) or self._pair(self.oauth.refresh(query["refresh_token"]))
        except GrantRefusal:
            return error_answer(98001006, "refresh token is invalid or expired")

    def _known(self, query: Mapping[str, str]) -> Response | None:
        """Return a refusal of an unknown application; the wording is assumed."""
        if query.get("app_key") != self.oauth.client_id:
            return error_answer(36009004, "Invalid app_key query parameter")
        if query.get("app_secret") != self.oauth.client_secret:
            return error_answer(36009004, "Invalid app_secret query parameter")
        return None

    def _pair(self, issued: Issued) -> Response:
        shop = self.shops[issued.grant.accounts[0]]
        return success(
            {
                "access_token": issued.access_token,
                # An instant in spite of its name, by comments in TikTok's own SDK.
                "access_token_expire_in": int(self.oauth.now() + self.oauth.access_seconds),
                "refresh_token": issued.refresh_token,
                "refresh_token_expire_in": int(issued.grant.refresh_ends),
                "open_id": shop.seller,
                "seller_name": shop.name,
                "seller_base_region": shop.region,
                "user_type": self.user_type,
                "granted_scopes": SCOPES,
            }
        )

    async def _statements(self, request: Request) -> Response:
        return await self._answer(request, lambda _, money: money.answer_statements(request))

    async def _payments(self, request: Request) -> Response:
        def answer(shop: TiktokShop, money: TikTokMoney) -> dict[str, Any]:
            # Shops there are paid by withdrawals, which this call does not list (Partner Center).
            if shop.region in SOUTH_EAST_ASIA:
                raise Invalid("Payments are not available in this market")
            return money.answer_payments(request)

        return await self._answer(request, answer)

    async def _transactions(self, request: Request) -> Response:
        number = request.path_params["number"]
        return await self._answer(request, lambda _, m: m.answer_transactions(number, request))

    async def _orders(self, request: Request) -> Response:
        body = await request.json()
        return await self._answer(
            request, lambda shop, _: self._feeds(shop).answer_orders(request, body)
        )

    async def _products(self, request: Request) -> Response:
        body = await request.json()
        return await self._answer(
            request, lambda shop, _: self._feeds(shop).answer_products(request, body)
        )

    def _feeds(self, shop: TiktokShop) -> TiktokFeeds:
        return TiktokFeeds(self.sales[shop.id])

    def _sales_of(self, account: str) -> Sales:
        return Sales(
            lambda: self.money[account],
            lambda: earned(self.money[account]),
            number_of,
            self.money[account].currency,
        )

    async def _answer(
        self, request: Request, read: Callable[[TiktokShop, TikTokMoney], dict[str, Any]]
    ) -> Response:
        """Return what finance says of the shop that a call names, if the caller may know."""
        grant = self._granted(request, await request.body(), of_a_shop=True)
        if isinstance(grant, Response):
            return grant
        cipher = request.query_params.get("shop_cipher")
        shop = next((s for s in self.shops.values() if s.cipher == cipher), None)
        if cipher is None:
            return error_answer(106013, "Missing identifier.")
        if shop is None or shop.id not in grant.accounts:
            return error_answer(106011, "Invalid shop_cipher.")
        try:
            return success(read(shop, self.money[shop.id]))
        except Invalid as why:
            return error_answer(36009004, str(why))

    async def _shops(self, request: Request) -> Response:
        grant = self._granted(request, await request.body(), of_a_shop=False)
        if isinstance(grant, Response):
            return grant
        shops = (self.shops[account] for account in grant.accounts)
        listed = [
            {
                "id": shop.id,
                "name": shop.name,
                "region": shop.region,
                "seller_type": shop.seller_type,
                "cipher": shop.cipher,
                "code": f"{shop.region}LC{shop.id[-4:]}",
            }
            for shop in shops
        ]
        return success({"shops": listed})

    def _granted(self, request: Request, body: bytes, *, of_a_shop: bool) -> Grant | Response:
        """Return who calls, or a refusal: signed as it must be, with a token that is alive."""
        wrong = self._unsigned(request, body)
        if wrong is not None:
            return wrong
        if "shop_cipher" in request.query_params and not of_a_shop:
            return error_answer(36009004, "Invalid shop_cipher query parameter", 400)
        token = request.headers.get("x-tts-access-token")
        if not token:
            return error_answer(36009004, "Invalid x-tts-access-token header", 400)
        grant = self.oauth.holder(token)
        if grant is not None:
            return grant
        ended = token in self.oauth.access and not self.oauth.access[token][0].revoked
        code, message = (105002, "Expired credentials.") if ended else (105001, "Invalid token")
        return error_answer(code, message, self.refuses_with)

    def _unsigned(self, request: Request, body: bytes) -> Response | None:
        """Return a refusal, unless the call is signed as Partner Center says."""
        query = request.query_params
        if query.get("app_key") != self.oauth.client_id:
            return error_answer(36009004, "Invalid app_key query parameter", 400)
        age = self.oauth.now() - float(query.get("timestamp", "0"))
        if not -LATEST <= age <= -EARLIEST:
            return error_answer(36009004, "timestamp must not be earlier than 5 minutes", 400)
        if request.headers.get("content-type") != "application/json":
            return error_answer(36009004, "Invalid content-type header", 400)
        if query.get("sign") != self._sign(request, body):
            return error_answer(106001, "signature is invalid", 401)
        return None

    def _sign(self, request: Request, body: bytes) -> str:
        pairs = [key + value for key, value in request.query_params.multi_items() if key != "sign"]
        secret = self.oauth.client_secret
        text = secret + request.url.path + "".join(sorted(pairs)) + body.decode() + secret
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


TITLE = "TikTok Shop"
