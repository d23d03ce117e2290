"""WooCommerce: two stores at two paths of one server, their keys, and the page that makes keys.

How calls are checked, and error bodies: the source of WooCommerce 9.9.5. A store
calls itself what it is called, as WordPress behind no proxy does. Beside https, keys are posted to
plain http on loopback: that is the one liberty taken.
"""

from functools import partial
from urllib.parse import parse_qsl, urlsplit

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import back_to, consent_page
from sandbox.refusals import WOOCOMMERCE
from sandbox.woocommerce_feeds import WooSales
from sandbox.woocommerce_lists import answered, error, only
from sandbox.woocommerce_money import WooMoney
from sandbox.woocommerce_stores import CANNOT_VIEW, WoocommerceStore, refused_answer
from sandbox.woocommerce_webhooks import WooWebhooks


class WooCommerce:
    """Two stores; their ids are their addresses, which are known once they are served."""

    def __init__(self) -> None:
        self.stores = {
            # WordPress stores names with HTML entities.
            "harbour": WoocommerceStore("Harbour &amp; Sons", "US:NY", "USD", "America/New_York"),
            "foundry": WoocommerceStore("Foundry Books", "GB", "GBP", "Europe/London"),
        }
        self._url = ""
        self.first = self.second = ""
        settings = "/{store}/wp-json/wc/v3/settings/general"
        self._money = {name: WooMoney() for name in self.stores}
        self._money["foundry"] = WooMoney("GBP", seed=2, quiet=True)
        self._sales = {
            name: WooSales(partial(self._money.__getitem__, name), store.currency)
            for name, store in self.stores.items()
        }
        self.limits = Limits(WOOCOMMERCE)
        self.webhooks = WooWebhooks(self.stores.__getitem__)
        application = Starlette(
            routes=[
                Route("/{store}/wp-json/", self._index),
                Route(settings, self._settings),
                *self.webhooks.routes,
                Route("/{store}/wp-json/wc/v3/{route:path}", self._lists),
                Route("/{store}/index.php/wp-json/{rest:path}", self._plainly),
                Route("/{store}/wc-auth/v1/authorize", self._authorise),
                Route("/{store}/wc-auth/v1/login", self._page, methods=["GET"]),
                Route("/{store}/wc-auth/v1/login", self._decide, methods=["POST"]),
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    @property
    def money(self) -> dict[str, WooMoney]:
        """Return what each store has earned, by its address."""
        host = urlsplit(self._url).netloc
        return {f"{host}/{name}": money for name, money in self._money.items()}

    @property
    def sales(self) -> dict[str, WooSales]:
        """Return what each store has sold, by its address."""
        host = urlsplit(self._url).netloc
        return {f"{host}/{name}": sales for name, sales in self._sales.items()}

    def earns(self, name: str, money: WooMoney) -> None:
        """Give a store other sales than it has."""
        self._money[name] = money

    @property
    def application(self) -> Faulty:
        """Return the ASGI application."""
        return self.faults

    def endpoints(self, url: str) -> dict[str, str]:
        """Return nothing: a store's address is typed. It is told here where the stores are."""
        self._url = url
        self.first, self.second = (f"{urlsplit(url).netloc}/{name}" for name in self.stores)
        return {}

    def fields(self) -> dict[str, str]:
        """Return no fields: there is no application."""
        return {}

    def chosen(self, account: str) -> dict[str, str]:
        """Return the store's address."""
        return {"store_url": f"{self._url}/{account.rsplit('/', 1)[-1]}"}

    def keys(self, account: str) -> dict[str, str]:
        """Return keys made on the store's page."""
        key, secret = self._store(account).new_key()
        return {"consumer_key": key, "consumer_secret": secret}

    def picks(self, account: str) -> str:
        """Return the store that asks is the only one."""
        return account.rsplit("/", 1)[-1]

    def expire(self) -> None:
        """Do nothing: keys do not end."""

    def revoke(self, account: str) -> None:
        """Delete every key, as the owner does."""
        self._store(account).keys.clear()

    def alive(self, account: str) -> bool:
        """Return whether the store has a key."""
        return bool(self._store(account).keys)

    def caller(self, request: Request) -> str | None:
        """Return the store that is called: its host counts calls, whoever makes them."""
        # A host limits calls per site, without looking at keys.
        return request.url.path.split("/")[1]

    def _store(self, account: str) -> WoocommerceStore:
        return self.stores[account.rsplit("/", 1)[-1]]

    async def _authorise(self, request: Request) -> Response:
        query = request.query_params
        for name in ("app_name", "user_id", "return_url", "callback_url", "scope"):
            if not query.get(name):
                return Response(f"Missing parameter {name}", 401)
        if query["scope"] not in {"read", "write", "read_write"}:
            return Response(f"Invalid scope {query['scope']}", 401)
        to = urlsplit(query["callback_url"])
        if to.scheme != "https" and to.hostname not in {"127.0.0.1", "localhost"}:
            return Response("The callback_url needs to be over SSL", 401)
        login = f"/{request.path_params['store']}/wc-auth/v1/login"
        return RedirectResponse(f"{login}?{request.url.query}", 302)

    async def _page(self, request: Request) -> Response:
        name = request.path_params["store"]
        return consent_page("WooCommerce", request, {name: self.stores[name].name})

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        store = self.stores[request.path_params["store"]]
        if form["decision"] == "deny":
            return back_to(form["return_url"], {"success": "0", "user_id": form["user_id"]})
        key, secret = store.new_key()
        body = {
            "key_id": len(store.keys),
            "user_id": form["user_id"],
            "consumer_key": key,
            "consumer_secret": secret,
            "key_permissions": form["scope"],
        }
        # As long as WooCommerce waits for an answer.
        async with httpx2.AsyncClient(timeout=60) as sender:
            headers = {"Content-Type": "application/json;charset=UTF-8"}
            answer = await sender.post(form["callback_url"], json=body, headers=headers)
        if answer.status_code != 200:
            # WooCommerce deletes the key if it can't be delivered.
            del store.keys[key]
            return Response("An error occurred: the consumer data could not be sent", 401)
        return back_to(form["return_url"], {"success": "1", "user_id": form["user_id"]})

    async def _index(self, request: Request) -> Response:
        store = self.stores.get(request.path_params["store"])
        # With plain permalinks the pretty addresses don't exist, and the other way round.
        if store is None or store.plain is not ("rest_route" in request.query_params):
            return Response("<html>Not found</html>", 404, media_type="text/html")
        home = _home(request)
        index = {
            "name": store.name,
            "description": "",
            "url": home,
            "home": home,
            "gmt_offset": store.gmt_offset,
            "timezone_string": store.timezone_string,
            "page_for_posts": 0,
            "page_on_front": 0,
            "show_on_front": "posts",
            "namespaces": ["oembed/1.0", "wc/v3", "wp/v2"],
            "authentication": [],
            "routes": {},
            "site_logo": 0,
            "site_icon": 0,
            "site_icon_url": "",
            "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
        }
        return JSONResponse(only(request.query_params, index))

    async def _settings(self, request: Request) -> Response:
        store = self.stores[request.path_params["store"]]
        refused = refused_answer(request, store)
        if refused is not None:
            return refused
        values = {
            "woocommerce_default_country": store.country,
            "woocommerce_currency": store.currency,
            "woocommerce_price_num_decimals": "2",
        }
        return JSONResponse(
            [
                only(
                    request.query_params,
                    {
                        "id": name,
                        "label": name,
                        "description": "",
                        "type": "select",
                        "default": "US:CA",
                        "options": {value: value},
                        "tip": "",
                        "value": value,
                        "group_id": "general",
                    },
                )
                for name, value in values.items()
            ]
        )

    async def _plainly(self, request: Request) -> Response:
        """Return a parameter's value; WooCommerce looks for its own name in the whole address."""
        route = request.query_params.get("rest_route", "")
        if route == "/":
            return await self._index(request)
        # WooCommerce authenticates only if the address contains wp-json/wc/.
        if f"wp-json{route}" not in request.url.path:
            return error(401, CANNOT_VIEW, "Sorry, you cannot list resources.")
        if route == "/wc/v3/settings/general":
            return await self._settings(request)
        request.path_params["route"] = route.removeprefix("/wc/v3/")
        return await self._lists(request)

    async def _lists(self, request: Request) -> Response:
        name = request.path_params["store"]
        if self.stores[name].plain is not ("rest_route" in request.query_params):
            return Response("<html>Not found</html>", 404, media_type="text/html")
        refused = refused_answer(request, self.stores[name])
        if refused is not None:
            return refused
        route = request.path_params["route"]
        return answered(self._money[name], self._sales[name], route, request.query_params)


def _home(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/{request.path_params['store']}"
