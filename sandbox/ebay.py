"""eBay: OAuth with a RuName, Identity, Key Management, and a Finances call that must be signed.

Error bodies and lifetimes: eBay's documents on OAuth and digital signatures. UNCONFIRMED there and
assumed here: the wording of errors 1100 and of refused refresh tokens, the 403 of a signature that
is missing or wrong, and what a decline brings.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.ebay_feeds import EbayFeeds, earned, number_of
from sandbox.ebay_money import EBayMoney
from sandbox.ebay_notifications import EBayNotifications
from sandbox.ebay_signatures import SigningKeys, Unsigned
from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import (
    Grant,
    Granting,
    GrantRefusal,
    OAuth,
    back_to,
    basic,
    bearer,
    consent_page,
)
from sandbox.refusals import EBAY
from sandbox.sales import Sales

RU_NAME = "Ember_Craft-EmberCra-Daybook-abcdefg"
# eBay's own figure: 18 months.
REFRESH_SECONDS = 47_304_000
SCOPE = "https://api.ebay.com/oauth/api_scope"
SCOPES = {
    SCOPE,
    f"{SCOPE}/sell.finances",
    f"{SCOPE}/sell.fulfillment.readonly",
    f"{SCOPE}/sell.inventory.readonly",
    f"{SCOPE}/commerce.identity.readonly",
}
# The residences whose Finances calls are signed, the United Kingdom among them (eBay's guide to
# digital signatures).
UNION = {"AT", "BE", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "PL"}


@dataclass
class EbaySeller:
    """One eBay member; of an INDIVIDUAL no address is shown."""

    user_id: str
    username: str
    marketplace: str
    country: str
    account_type: str = "BUSINESS"


class EBay(Granting):
    """The platform with its sellers; `oauth` is what they granted, `faults` what goes wrong.

    `accept_url` is what somebody set for the RuName, on eBay's pages.
    """

    # eBay looks up the address behind the RuName; a request can't choose it.
    accept_url = "http://localhost:8080/connect/ebay/callback"

    def __init__(self) -> None:
        self.sellers = {
            seller.user_id: seller
            for seller in (
                EbaySeller("ABCemberCRAFT1", "ember_craft", "EBAY_GB", "GB"),
                EbaySeller("XYZbergLADEN22", "bergladen", "EBAY_CH", "CH", "INDIVIDUAL"),
                EbaySeller("QRSprairie0033", "prairie_goods", "EBAY_US", "US"),
                EbaySeller("KLMgaleria0044", "galeria_polska", "EBAY_US", "PL"),
            )
        }
        self.first, self.second, self.american, self.polish = self.sellers
        self.money = {self.first: EBayMoney()}
        for number, other in enumerate(list(self.sellers)[1:]):
            self.money[other] = EBayMoney("USD", seed=2 + number, quiet=other == self.second)
        self.sales = {account: self._sales_of(account) for account in self.sellers}
        self.oauth = OAuth(access_seconds=7200.0, refresh_seconds=REFRESH_SECONDS)
        self.keypairs = SigningKeys()
        self.limits = Limits(EBAY)
        self.webhooks = EBayNotifications(self._holder)
        application = Starlette(
            routes=[
                Route("/oauth2/authorize", self._page, methods=["GET"]),
                Route("/oauth2/authorize", self._decide, methods=["POST"]),
                Route("/identity/v1/oauth2/token", self._token, methods=["POST"]),
                Route("/commerce/identity/v1/user/", self._user),
                Route("/developer/key_management/v1/signing_key", self._make, methods=["POST"]),
                Route("/sell/finances/v1/payout", self._payouts),
                Route("/sell/finances/v1/payout/{number}", self._payout),
                Route("/sell/finances/v1/transaction", self._transactions),
                Route("/sell/fulfillment/v1/order", self._orders),
                Route("/sell/inventory/v1/inventory_item", self._items),
                *self.webhooks.routes,
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return {"auth": url, "api": url, "apiz": url}

    def fields(self) -> dict[str, str]:
        """Return the application, registered."""
        return {
            "client_id": self.oauth.client_id,
            "client_secret": self.oauth.client_secret,
            "ru_name": RU_NAME,
        }

    async def _page(self, request: Request) -> Response:
        query = request.query_params
        wrong = {
            "client_id": query.get("client_id") != self.oauth.client_id,
            # The RuName stands in this parameter, and no address.
            "redirect_uri": query.get("redirect_uri") != RU_NAME,
            "response_type": query.get("response_type") != "code",
            "scope": not query.get("scope") or not set(query["scope"].split()) <= SCOPES,
        }
        if any(wrong.values()):
            return Response(f"wrong: {[name for name, is_wrong in wrong.items() if is_wrong]}", 400)
        return consent_page(
            "eBay", request, {seller.user_id: seller.username for seller in self.sellers.values()}
        )

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        state = {"state": form["state"]} if "state" in form else {}
        if form["decision"] == "deny":
            return back_to(self.accept_url, {"error": "access_denied", **state})
        code = self.oauth.code([form["account"]], form["redirect_uri"])
        # eBay says how long the code is good for: five minutes less a second.
        return back_to(self.accept_url, {"code": code, "expires_in": "299", **state})

    async def _token(self, request: Request) -> Response:
        expected = basic(self.oauth.client_id, self.oauth.client_secret)
        if request.headers.get("authorization") != expected:
            return _refusal(401, "invalid_client", "client authentication failed")
        if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
            return _refusal(400, "invalid_request", "request is missing a required parameter")
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            return JSONResponse(self._issued(form))
        except KeyError:
            return _refusal(400, "invalid_request", "request is missing a required parameter")
        except GrantRefusal as why:
            what = "authorization refresh token" if str(why) == "refresh_token" else "grant code"
            payload = f"the provided {what} is invalid or was issued to another client"
            return _refusal(400, "invalid_grant", payload)

    def _issued(self, form: dict[str, str]) -> dict[str, Any]:
        # eBay's own words for the type, not RFC 6749's `Bearer`.
        answer = {"expires_in": int(self.oauth.access_seconds), "token_type": "User Access Token"}
        if form["grant_type"] == "client_credentials":
            if form["scope"] != SCOPE:
                raise KeyError("scope")
            token = self.oauth.own().access_token
            return {**answer, "access_token": token, "token_type": "Application Access Token"}
        if form["grant_type"] == "refresh_token":
            return {
                **answer,
                # eBay doesn't rotate: a refresh returns no new refresh token.
                "access_token": self.oauth.refresh(form["refresh_token"]).access_token,
            }
        issued = self.oauth.redeem(form["code"], form["redirect_uri"])
        return {
            **answer,
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "refresh_token_expires_in": REFRESH_SECONDS,
        }

    async def _user(self, request: Request) -> Response:
        seller = self._seller(request)
        if isinstance(seller, Response):
            return seller
        answer: dict[str, object] = {
            "userId": seller.user_id,
            "username": seller.username,
            "accountType": seller.account_type,
            "registrationMarketplaceId": seller.marketplace,
            "status": "CONFIRMED",
        }
        # eBay reveals neither name nor country of individuals here.
        if seller.account_type == "BUSINESS":
            address = {"addressLine1": "1 High Street", "country": seller.country}
            answer["businessAccount"] = {"name": seller.username.title(), "address": address}
        return JSONResponse(answer)

    async def _make(self, request: Request) -> Response:
        grant = self._holder(request)
        if isinstance(grant, Response):
            return grant
        # Keys are made with the application's token, which belongs to no seller.
        if grant.accounts:
            return _error(403, 1100, "ACCESS", "Access denied")
        if (await request.json()).get("signingKeyCipher") != "ED25519":
            return Response("unknown cipher", 400)
        return JSONResponse(self.keypairs.make(), 201)

    async def _payouts(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else money.answer_payouts(request)

    async def _payout(self, request: Request) -> Response:
        money = self._money(request)
        if isinstance(money, Response):
            return money
        return money.answer_payout(request.path_params["number"])

    async def _transactions(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else money.answer_transactions(request)

    async def _orders(self, request: Request) -> Response:
        feeds = self._feeds(request)
        return feeds if isinstance(feeds, Response) else feeds.answer_orders(request)

    async def _items(self, request: Request) -> Response:
        feeds = self._feeds(request)
        return feeds if isinstance(feeds, Response) else feeds.answer_items(request)

    def _feeds(self, request: Request) -> EbayFeeds | Response:
        """Return the lists of whoever calls; these calls need no signature."""
        seller = self._seller(request)
        if isinstance(seller, Response):
            return seller
        return EbayFeeds(self.sales[seller.user_id], self.money[seller.user_id])

    def _sales_of(self, account: str) -> Sales:
        return Sales(
            lambda: self.money[account],
            lambda: earned(self.money[account]),
            number_of,
            self.money[account].currency,
        )

    def _money(self, request: Request) -> EBayMoney | Response:
        """Return the money of whoever calls, if the call is signed as it must be."""
        seller = self._seller(request)
        if isinstance(seller, Response):
            return seller
        # Decided by the seller's residence, whichever marketplace the account registered on.
        if seller.country in UNION:
            try:
                self.keypairs.verify(request)
            except Unsigned as why:
                return _error(403, why.number, "ACCESS", str(why))
        return self.money[seller.user_id]

    def _seller(self, request: Request) -> EbaySeller | Response:
        grant = self._holder(request)
        if isinstance(grant, Response):
            return grant
        if not grant.accounts:
            return _error(403, 1100, "ACCESS", "Access denied")
        return self.sellers[grant.accounts[0]]

    def _holder(self, request: Request) -> Grant | Response:
        grant = self.oauth.holder(bearer(request))
        return grant or _error(401, 1001, "OAuth", "Invalid access token")


def _refusal(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)


def _error(status: int, number: int, domain: str, message: str) -> Response:
    payload = {"errorId": number, "domain": domain, "category": "REQUEST", "message": message}
    return JSONResponse({"errors": [payload]}, status)
