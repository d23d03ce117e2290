"""Amazon: Seller Central's page, Login with Amazon, and three endpoints with Sellers and Reports.

Error bodies and lifetimes: Amazon's SP-API and Login with Amazon documents. UNCONFIRMED there and
assumed here: `invalid_client` with 401, the words for an access token that has expired, that a
refresh token is not replaced, RFC 6749's `access_denied` for a seller who says no, and that a call
without `x-amz-date` is refused.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.amazon_events import EventDesk
from sandbox.amazon_feeds import AmazonFeeds, earned, number_of
from sandbox.amazon_money import AmazonMoney
from sandbox.amazon_notifications import SCOPE, NotificationDesk
from sandbox.amazon_reports import ReportDesk
from sandbox.amazon_sellers import AmazonSeller, participating
from sandbox.amazon_sites import CANADA, UNITED_STATES
from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import Granting, GrantRefusal, OAuth, back_to, consent_page
from sandbox.refusals import AMAZON
from sandbox.sales import Sales

APPLICATION_ID = "amzn1.sellerapps.app.0b8d3c0e-1111-2222-3333-444455556666"
ENDPOINTS = {
    **dict.fromkeys(("north_america", "brazil"), "na"),
    **dict.fromkeys(("europe", "turkey", "uae", "saudi_arabia", "egypt"), "eu"),
    # Accounts of their own, on Europe's endpoint.
    **dict.fromkeys(("india", "south_africa"), "eu"),
    **dict.fromkeys(("singapore", "australia", "japan"), "fe"),
}
Endpoint = Callable[[Request], Awaitable[Response]]
SKUS = ("MUG-BLUE", "KÄNNCHEN", "TRAY-OAK")


class Amazon(Granting):
    """The platform with its sellers; `oauth` is what they granted, `faults` what goes wrong.

    `draft` is an application that is not published; `lacks` are paths its roles do not allow.
    """

    def __init__(self) -> None:
        british = ("A1F83G8C2ARO7P", "A1PA6795UKMFR9")
        american = ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2")
        self.sellers = {
            "A2EMBERCRAFT01/europe": AmazonSeller(
                "Ember Craft", "GB", (*british, "A13V1IB3VIYZZH", "A38D8NSA03LJTC"), british
            ),
            "A3KANDASHOTEN2/japan": AmazonSeller(
                "Kanda Shoten", "JP", ("A1VC38T7YXB528",), ("A1VC38T7YXB528",)
            ),
            "A2EMBERCRAFT01/north_america": AmazonSeller(
                "Ember Craft US", "GB", american, american
            ),
        }
        self.first, self.second, self.overseas = self.sellers
        self.money = {
            self.first: AmazonMoney(),
            # An account without money must sync as well, and come to nothing.
            self.second: AmazonMoney(quiet=True),
            self.overseas: AmazonMoney((UNITED_STATES, CANADA), seed=3),
        }
        self.sales = {account: self._sales_of(account) for account in self.sellers}
        self.feeds = {account: AmazonFeeds(sales) for account, sales in self.sales.items()}
        self.reports, self.events, self.notifications = (
            ReportDesk(),
            EventDesk(),
            NotificationDesk(),
        )
        for account, money in self.money.items():
            money.on_report = partial(self.notifications.finished, account)
        self.draft = False
        self.lacks: set[str] = set()
        # An hour, by Amazon's documents on Login with Amazon.
        self.oauth = OAuth(access_seconds=3600.0)
        self.limits = Limits(AMAZON)
        application = Starlette(routes=self._routes())
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def _routes(self) -> list[Route]:
        page = "/seller-central/{region}/apps/authorize/consent"
        message = "/{place}/notifications/v1"
        return [
            Route(page, self._page, methods=["GET"]),
            Route(page, self._decide, methods=["POST"]),
            Route("/auth/o2/token", self._token, methods=["POST"]),
            Route("/{place}/sellers/v1/marketplaceParticipations", self._participations),
            Route("/{place}/sellers/v1/account", self._account),
            Route(
                "/{place}/reports/2021-06-30/reports",
                self._answering(lambda r, a: self.reports.listed(r, self.money[a])),
            ),
            Route(
                "/{place}/reports/2021-06-30/documents/{number}",
                self._answering(lambda r, a: self.reports.document(r, self.money[a])),
            ),
            Route("/documents/{number}", self.reports.download),
            Route(
                "/{place}/finances/2024-06-19/transactions",
                self._answering(lambda r, a: self.events.listed(r, self.money[a])),
            ),
            Route(
                "/{place}/orders/2026-01-01/orders",
                self._answering(lambda r, a: self.feeds[a].answer_orders(r, self.money[a])),
            ),
            Route("/{place}/listings/2021-08-01/items/{seller}", self._listings),
            Route(f"{message}/destinations", self._destinations, methods=["GET", "POST"]),
            Route(message + "/subscriptions/{kind}", self._subscription, methods=["GET", "POST"]),
            Route("/sqs/", self.notifications.sqs.answer, methods=["POST"]),
        ]

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        pages = {f"seller_central_{name}": f"{url}/seller-central/{name}" for name in ENDPOINTS}
        apis = {f"api_{place}": f"{url}/{place}" for place in ("na", "eu", "fe")}
        return {"token": url, **apis, **pages, "sqs": f"{url}/sqs"}

    def fields(self) -> dict[str, str]:
        """Return the application, registered."""
        return {
            "client_id": self.oauth.client_id,
            "client_secret": self.oauth.client_secret,
            "application_id": APPLICATION_ID,
        }

    def chosen(self, account: str) -> dict[str, str]:
        """Return the region."""
        # One seller id may exist in several regions, each an account of its own.
        return {"region": account.partition("/")[2]}

    def keys(self, account: str) -> dict[str, str]:
        """Return a refresh token, and whose it is."""
        seller = account.partition("/")[0]
        return {"seller_id": seller, "refresh_token": self.oauth.granted(account)}

    def caller(self, request: Request) -> str | None:
        """Return whose call it is."""
        return self.holder_of(request.headers.get("x-amz-access-token", ""))

    async def _page(self, request: Request) -> Response:
        query = request.query_params
        if query.get("application_id") != APPLICATION_ID:
            return Response("unknown application", 400)
        # Only draft applications need the parameter.
        if self.draft and query.get("version") != "beta":
            return Response("the application is a draft: version=beta is missing", 400)
        region = request.path_params["region"]
        own = {key: s.store for key, s in self.sellers.items() if key.endswith(f"/{region}")}
        return consent_page("Amazon", request, own)

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["decision"] == "deny":
            return back_to(form["redirect_uri"], {"error": "access_denied", "state": form["state"]})
        code = self.oauth.code([form["account"]], form["redirect_uri"])
        # The seller id comes back with the consent only; no later call names it.
        seller = form["account"].partition("/")[0]
        answer = {"selling_partner_id": seller, "spapi_oauth_code": code, "state": form["state"]}
        return back_to(form["redirect_uri"], answer)

    async def _token(self, request: Request) -> Response:
        if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
            return _refusal(400, "invalid_request", "The Content-Type is unsupported")
        form = dict(parse_qsl((await request.body()).decode()))
        expected = (self.oauth.client_id, self.oauth.client_secret)
        if (form.get("client_id"), form.get("client_secret")) != expected:
            return _refusal(401, "invalid_client", "Client authentication failed")
        # Grantless operations: destinations of notifications belong to the application.
        if (form.get("grant_type"), form.get("scope")) == ("client_credentials", SCOPE):
            own = {"access_token": self.oauth.own(SCOPE).access_token, "token_type": "bearer"}
            return JSONResponse({**own, "expires_in": int(self.oauth.access_seconds)})
        query = {"authorization_code": "code", "refresh_token": "refresh_token"}
        parameter = query.get(form.get("grant_type", ""))
        if parameter is None or parameter not in form:
            return _refusal(400, "invalid_request", "The request is missing a required parameter")
        try:
            if parameter == "code":
                issued = self.oauth.redeem(form["code"], form.get("redirect_uri", ""))
            else:
                issued = self.oauth.refresh(form["refresh_token"])
        except GrantRefusal:
            message = f"The request has an invalid grant parameter : {parameter}"
            return _refusal(400, "invalid_grant", message)
        return JSONResponse(
            {
                "access_token": issued.access_token,
                "token_type": "bearer",
                "expires_in": int(self.oauth.access_seconds),
                "refresh_token": issued.refresh_token,
            }
        )

    async def _participations(self, request: Request) -> Response:
        seller = self._seller(request)
        if isinstance(seller, Response):
            return seller
        return JSONResponse({"payload": participating(seller)})

    async def _account(self, request: Request) -> Response:
        seller = self._seller(request)
        if isinstance(seller, Response):
            return seller
        address = {"addressLine1": "1 High Street", "countryCode": seller.country}
        account = {
            "businessType": "PRIVATE_LIMITED",
            "sellingPlan": "PROFESSIONAL",
            "marketplaceParticipationList": participating(seller),
            "business": {"name": f"{seller.store} Ltd", "registeredBusinessAddress": address},
        }
        return JSONResponse({"payload": account})

    def _answering(self, answer: Callable[[Request, str], Response]) -> Endpoint:
        """Return what answers a call about an account, and refuses one of nobody."""

        async def endpoint(request: Request) -> Response:
            account = self._holder(request)
            return account if isinstance(account, Response) else answer(request, account)

        return endpoint

    async def _listings(self, request: Request) -> Response:
        account = self._holder(request)
        if isinstance(account, Response):
            return account
        if request.path_params["seller"] != account.partition("/")[0]:
            return _denied("Unauthorized")
        return self.feeds[account].answer_listings(request, self.money[account])

    def _sales_of(self, account: str) -> Sales:
        return Sales(
            lambda: self.money[account],
            lambda: earned(self.money[account]),
            number_of,
            self.money[account].sites[0].currency,
            SKUS,
        )

    async def _destinations(self, request: Request) -> Response:
        grant = self.oauth.holder(request.headers.get("x-amz-access-token", ""))
        if grant is None or grant.accounts != (SCOPE,):
            return _denied("Unauthorized", "The operation is grantless")
        return await self.notifications.listed(request)

    async def _subscription(self, request: Request) -> Response:
        account = self._holder(request)
        if isinstance(account, Response):
            return account
        return await self.notifications.subscription(request, account)

    def _seller(self, request: Request) -> AmazonSeller | Response:
        account = self._holder(request)
        return account if isinstance(account, Response) else self.sellers[account]

    def _holder(self, request: Request) -> str | Response:
        """Return the account that a call is about."""
        token = request.headers.get("x-amz-access-token")
        if not token or not request.headers.get("user-agent"):
            return _denied("MissingAuthenticationToken")
        # UNCONFIRMED that calls without Signature Version 4 still need it.
        if not re.fullmatch(r"\d{8}T\d{6}Z", request.headers.get("x-amz-date", "")):
            return _denied("InvalidInput", "x-amz-date")
        grant = self.oauth.holder(token)
        if grant is None:
            # Both are "Unauthorized": only the words tell an expired token from a revoked grant.
            held, _ = self.oauth.access.get(token, (None, 0.0))
            ended = held is not None and not held.revoked
            what = "has expired." if ended else "is revoked, malformed or invalid."
            return _denied("Unauthorized", f"The access token you provided {what}")
        account = grant.accounts[0]
        # A token is good at its own region's endpoint alone.
        if ENDPOINTS.get(account.partition("/")[2]) != request.path_params["place"]:
            return _denied("Unauthorized")
        if any(request.url.path.endswith(path) for path in self.lacks):
            return _denied("Unauthorized")
        return account


def _refusal(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error_description": description, "error": error}, status)


def _denied(code: str, details: str = "") -> Response:
    message = "Access to requested resource is denied."
    # Everything about authorisation is a 403, an expired token included.
    return JSONResponse({"errors": [{"code": code, "message": message, "details": details}]}, 403)
