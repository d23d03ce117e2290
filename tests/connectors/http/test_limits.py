"""Who asks more often than a platform allows is refused in its own words, which Daybook reads."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx2
import pytest

from connectors.channels.amazon import api as amazon
from connectors.channels.shopify import graphql as shopify
from connectors.channels.shopify.queries import TRANSACTIONS
from connectors.channels.square import api as square
from connectors.channels.tiktok import errors as tiktok
from connectors.channels.walmart import api as walmart
from connectors.channels.woocommerce import api as woocommerce
from connectors.errors import RateLimited
from connectors.http.remote import status_error
from sandbox.browser import NO_TLS
from sandbox.limits import CLOCK, AtOnce, Bucket, Quota
from sandbox.platforms import EMULATORS
from sandbox.server import bound, serving

TRIES = 3
ErrorFor = Callable[[httpx2.Response], Exception | None]


@dataclass(frozen=True)
class Door:
    """A call that is limited, and its refusal: status, header, words, and Daybook's wait."""

    path: str
    says: str
    waits: tuple[float, float]
    token: str = "Authorization"
    form: str = "Bearer {}"
    status: int = 429
    header: str = "content-type"
    error_for: ErrorFor = lambda _response: None
    question: str = ""
    shared: bool = False


DOORS = {
    "amazon": Door(
        "/eu/reports/2021-06-30/reports", "QuotaExceeded", (44, 46), "x-amz-access-token", "{}",
        header="x-amzn-RateLimit-Limit", error_for=amazon.error_for,
    ),
    "ebay": Door("/sell/finances/v1/payout", '"errorId":2001', (60, 60), shared=True),
    "etsy": Door("/v3/application/users/me", "error", (1, 86_400), header="retry-after",
                 shared=True),
    "quickbooks": Door("/v3/company/1/preferences", "ThrottleExceeded", (60, 60)),
    "shopify": Door(
        "/harbour-coffee.myshopify.com/admin/api/2026-10/graphql.json", "THROTTLED", (1, 10),
        "X-Shopify-Access-Token", "{}", 200, error_for=shopify.error_for, question=TRANSACTIONS,
    ),
    "square": Door("/v2/payouts", "RATE_LIMITED", (5, 5), error_for=square.error_for),
    "tiktok": Door("/finance/202309/statements", "36009002", (1, 60), "x-tts-access-token", "{}",
                   error_for=tiktok.refusal),
    "walmart": Door(
        "/v3/report/reconreport/availableReconFiles", "REQUEST_THRESHOLD_VIOLATED", (2, 5),
        "WM_SEC.ACCESS_TOKEN", "{}", header="x-current-token-count", error_for=walmart.error_for,
    ),
    "woocommerce": Door("/harbour/wp-json/wc/v3/orders", "<html>", (60, 60),
                        error_for=woocommerce.error_for),
    "xero": Door("/api.xro/2.0/Organisation", "", (1, 86_401), header="X-Rate-Limit-Problem"),
}  # fmt: skip


@pytest.mark.parametrize("name", EMULATORS)
def test_a_client_that_ignores_a_limit_is_refused_as_the_platform_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "still", 1000.0)
    door, emulator = DOORS[name], EMULATORS[name]()
    with serving(emulator.application, bound()) as url, httpx2.Client(verify=NO_TLS) as client:
        emulator.endpoints(url)
        account = "harbour" if name == "woocommerce" else emulator.first
        oauth = getattr(emulator, "oauth", None)
        token = oauth.own(account).access_token if oauth else "-"

        def call() -> httpx2.Response:
            headers = {door.token: door.form.format(token)}
            if not door.question:
                return client.get(url + door.path, headers=headers)
            graphql_body = {"query": door.question, "variables": {"first": 100}}
            return client.post(url + door.path, headers=headers, json=graphql_body)

        limits = emulator.limits
        cost = 602 if door.question else 1
        limits.spend(door.path, account, left=TRIES * cost)
        before = [call() for _ in range(TRIES)]
        assert {answer.status_code for answer in before} & {429} == set()
        assert not limits.refused
        # A meter forgives a few.
        refused = next(answer for answer in iter(call, None) if limits.refused)
    assert (refused.status_code, door.header in refused.headers) == (door.status, True)
    assert door.says in refused.text
    assert sum(limits.refused.values()) == 1
    assert {whose for _, whose in limits.refused} == {"application" if door.shared else account}
    error = door.error_for(refused) or status_error("It", "the call", refused)
    assert isinstance(error, RateLimited)
    assert door.waits[0] <= error.retry_after <= door.waits[1]


def test_buckets_fill_and_quotas_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CLOCK, "still", 1000.0)
    monkeypatch.setattr(CLOCK, "ahead", 0.0)
    bucket, quota = Bucket(0.5, 2), Quota(2, 60.0)
    for meter in (bucket, quota):
        meter.take(1)
        meter.take(1)
    assert (bucket.wait(1), quota.wait(1)) == (2.0, 60.0)
    CLOCK.pass_by(1.5)
    assert (bucket.wait(1), quota.wait(1)) == (0.5, 58.5)
    # What a network does to a call that was made in time is forgiven.
    CLOCK.pass_by(0.4)
    assert bucket.wait(1) == 0.0
    CLOCK.pass_by(58.1)
    assert (bucket.left, quota.left) == (2, 2)


def test_calls_that_have_no_answer_yet_are_counted() -> None:
    open_calls = AtOnce(1)
    open_calls.take(1)
    assert open_calls.wait(1) > 0
    open_calls.take(-1)
    assert open_calls.wait(1) == 0
