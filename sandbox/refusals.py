"""Limits of each platform, and its answer to a caller that exceeds them.

Numbers and bodies are those of the platforms' documents on limits and of Amazon's models, not of
Daybook's own settings. UNCONFIRMED there and assumed here: the limits of Walmart's reports, of
TikTok Shop, of Square and of a WooCommerce store's host; the body of eBay's refusal; the words of
Etsy's, Square's and QuickBooks's; that eBay's and Etsy's days begin with the first call.
"""

import math
import time
from collections.abc import Mapping
from functools import partial

from starlette.responses import JSONResponse, Response

from sandbox.limits import AtOnce, Bucket, Meter, OverLimit, Plan, Quota, Rule

MINUTE, DAY = 60.0, 86_400.0
_ALL = r"/.*"


def _amazon(refused: OverLimit) -> Response:
    message = "You exceeded your quota for the requested resource."
    error = {"code": "QuotaExceeded", "message": message, "details": ""}
    assert isinstance(refused.meter, Bucket)
    # Amazon names its rate and no wait: callers compute the wait from it.
    rate = {"x-amzn-RateLimit-Limit": f"{refused.meter.per_second}"}
    return JSONResponse({"errors": [error]}, 429, rate)


AMAZON = Plan(
    (
        Rule("getMarketplaceParticipations", r"/\w+/sellers/v1/marketplaceParticipations",
             partial(Bucket, 0.016, 15)),
        Rule("getAccount", r"/\w+/sellers/v1/account", partial(Bucket, 0.016, 15)),
        Rule("getReports", r"/\w+/reports/2021-06-30/reports", partial(Bucket, 0.0222, 10)),
        Rule("getReportDocument", r"/\w+/reports/2021-06-30/documents/[^/]+",
             partial(Bucket, 0.0167, 15)),
        Rule("listTransactions", r"/\w+/finances/2024-06-19/transactions",
             partial(Bucket, 0.5, 10)),
        Rule("searchOrders", r"/\w+/orders/2026-01-01/orders", partial(Bucket, 0.0056, 20)),
        Rule("searchListingsItems", r"/\w+/listings/2021-08-01/items/[^/]+",
             partial(Bucket, 5, 5)),
    ),
    _amazon,
)  # fmt: skip


def _ebay(_refused: OverLimit) -> Response:
    # eBay names no wait either; its daily quota renews at an unknown time.
    payload = {"errorId": 2001, "domain": "ACCESS", "category": "REQUEST"}
    return JSONResponse({"errors": [{**payload, "message": "Too many requests."}]}, 429)


EBAY = Plan(
    (
        Rule("Finances", r"/sell/finances/v1/.*", partial(Quota, 15_000, DAY),
             of_application=True),
        Rule("Orders", r"/sell/fulfillment/v1/.*", partial(Quota, 100_000, DAY),
             of_application=True),
        Rule("Inventory", r"/sell/inventory/v1/.*", partial(Quota, 2_000_000, DAY),
             of_application=True),
    ),
    _ebay,
)  # fmt: skip


def _etsy(refused: OverLimit) -> Response:
    wait = {"retry-after": str(math.ceil(refused.wait))}
    return JSONResponse({"error": "Exceeded the rate limit of this API key"}, 429, wait)


def _etsy_headers(meters: Mapping[str, Meter]) -> dict[str, str]:
    if not meters:
        return {}
    return {
        "x-limit-per-second": "10",
        "x-remaining-this-second": f"{meters['second'].left:.0f}",
        "x-limit-per-day": "10000",
        "x-remaining-today": f"{meters['day'].left:.0f}",
    }


_CALLS = r"/v3/application/.*"
ETSY = Plan(
    (
        Rule("second", _CALLS, partial(Quota, 10, 1.0), of_application=True),
        Rule("day", _CALLS, partial(Quota, 10_000, DAY), of_application=True),
    ),
    _etsy,
    _etsy_headers,
)


def _walmart(refused: OverLimit) -> Response:
    # Walmart states the instant in milliseconds instead of Retry-After.
    again = int((time.time() + refused.wait) * 1000)
    error = {
        "code": "REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API",
        "field": "",
        "description": "Request threshold violated",
        "info": "Too many requests",
        "severity": "ERROR",
        "category": "REQUEST",
        "causes": [],
        "errorIdentifiers": {},
    }
    headers = {"x-current-token-count": "0", "X-Next-Replenishment-Time": str(again)}
    return JSONResponse({"errors": [error]}, 429, headers)


def _walmart_headers(meters: Mapping[str, Meter]) -> dict[str, str]:
    reports = meters.get("reports")
    return {"x-current-token-count": f"{reports.left:.0f}"} if reports else {}


WALMART = Plan(
    (
        Rule("reports", r"/v3/report/.*", partial(Bucket, 0.2, 10)),
        # 5,000 orders and 300 items a minute, by Walmart's published numbers.
        Rule("orders", r"/v3/orders", partial(Bucket, 83.0, 100)),
        Rule("items", r"/v3/items", partial(Bucket, 1.0, 60)),
    ),
    _walmart,
    _walmart_headers,
)


def _tiktok(_refused: OverLimit) -> Response:
    text = "Too many requests. You've made too many requests in a short period of time."
    # TikTok Shop's own code, in its usual envelope.
    return JSONResponse({"code": 36009002, "message": text, "data": {}, "request_id": "2026C"}, 429)


TIKTOK = Plan(
    (
        Rule("finance", r"/finance/.*", partial(Bucket, 50.0, 50)),
        Rule("orders", r"/(order|product)/.*", partial(Bucket, 50.0, 50)),
    ),
    _tiktok,
)


def _square(_refused: OverLimit) -> Response:
    text = "This request could not be processed: too many requests."
    error = {"category": "RATE_LIMIT_ERROR", "code": "RATE_LIMITED", "detail": text}
    return JSONResponse({"errors": [error]}, 429)


SQUARE = Plan((Rule("all", r"/v2/.*", partial(Bucket, 20.0, 40)),), _square)


def _woocommerce(_refused: OverLimit) -> Response:
    page = "<html><head><title>429 Too Many Requests</title></head></html>"
    # The host's web server refuses before WordPress runs, so the body is its HTML page.
    return Response(page, 429, media_type="text/html")


WOOCOMMERCE = Plan((Rule("host", _ALL, partial(Bucket, 10.0, 20)),), _woocommerce)


def _shopify(refused: OverLimit) -> Response:
    # The GraphQL handler answers THROTTLED in a 200 before this could be reached.
    raise AssertionError(f"{refused} is refused in GraphQL's own way")


# In points; a shop on the smallest plan.
SHOPIFY = Plan((Rule("points", r"/[^/]+/admin/api/.*", partial(Bucket, 100.0, 2000)),), _shopify)


def _xero(refused: OverLimit) -> Response:
    # Xero names no wait for concurrency: it ends with the caller's own calls.
    wait = {} if refused.rule.name == "concurrent" else {"Retry-After": str(int(refused.wait) + 1)}
    return Response(None, 429, {"X-Rate-Limit-Problem": refused.rule.name, **wait})


def _xero_headers(meters: Mapping[str, Meter]) -> dict[str, str]:
    names = {"day": "X-DayLimit-Remaining", "minute": "X-MinLimit-Remaining",
             "appminute": "X-AppMinLimit-Remaining"}  # fmt: skip
    return {names[n]: f"{m.left:.0f}" for n, m in meters.items() if n in names}


_XRO = r"/api\.xro/.*"
XERO = Plan(
    (
        Rule("concurrent", _XRO, partial(AtOnce, 5)),
        Rule("minute", _XRO, partial(Quota, 60, MINUTE)),
        Rule("day", _XRO, partial(Quota, 1_000, DAY)),
        Rule("appminute", _XRO, partial(Quota, 10_000, MINUTE), of_application=True),
    ),
    _xero,
    _xero_headers,
)


def _quickbooks(_refused: OverLimit) -> Response:
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    error = {"message": message, "detail": None, "code": "3001", "element": None}
    fault = {"error": [error], "type": "SERVICE"}
    return JSONResponse({"fault": fault, "time": 1633520295688}, 429)


QUICKBOOKS = Plan(
    (
        Rule("second", r"/v3/company/.*", partial(Quota, 10, 1.0)),
        Rule("minute", r"/v3/company/.*", partial(Quota, 500, MINUTE)),
    ),
    _quickbooks,
)
