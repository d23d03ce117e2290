"""What a page of somebody else may do in the browser of somebody who has signed in: nothing."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from connectors.database.registry.audit import AuditLog
from connectors.errors import Transient
from console.web.mutations import LONGEST_BODY, RefusedRequest, check_address, mutation_of
from console.web.origins import Origins
from tests.console.web.conftest import Site
from tests.console.web.test_proxy import Program, behind, dagster

__all__ = ["behind", "dagster"]

LAUNCH = "mutation Go($id: String!) { launchRun(id: $id) { id } stopRun { id } }"
READ = "query { version }"
LOCAL = "http://127.0.0.1:8080"


@pytest.fixture
def operator(behind: Site) -> Iterator[httpx2.Client]:
    """An operator's browser."""
    with behind.signed_in("olga", "operator") as browser:
        yield browser


def changes(site: Site) -> list[tuple[str, str, str, dict[str, object]]]:
    """What the audit log says of programs behind the console, oldest first."""
    return [
        (event.actor, event.action, event.subject, event.detail)
        for event in reversed(site.registry.audit.list())
        if event.action.startswith(("dagster.", "books."))
    ]


def test_a_mutation_goes_through_as_json_and_into_the_audit_log(
    behind: Site, dagster: Program, operator: httpx2.Client
) -> None:
    variables = {"id": "\0é" + "x" * 2000}
    answer = operator.post("/dagster/graphql", json={"query": LAUNCH, "variables": variables})
    assert (answer.status_code, answer.json()["query"]) == (207, LAUNCH)
    ((who, what, fields, detail),) = changes(behind)
    assert (who, what, fields) == ("olga", "dagster.mutation", "launchRun, stopRun")
    assert str(detail["variables"]).startswith('{"id": "\\u0000\\u00e9xxx')
    assert len(str(detail["variables"])) < 1010
    operator.post("/dagster/graphql", json={"query": READ})
    assert len(changes(behind)) == 1
    assert operator.post("/dagster/report_asset_check/a", content=b"{}").status_code == 207
    assert changes(behind)[1][:3] == (
        "olga",
        "dagster.request",
        "POST /dagster/report_asset_check/a",
    )


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", json.dumps({"query": LAUNCH}), 415),
        ("text/plain;application/json", json.dumps({"query": LAUNCH}), 415),
        ("application/x-www-form-urlencoded", f"query={quote(LAUNCH)}", 415),
        ("application/graphql", LAUNCH, 415),
        ("", LAUNCH, 415),
        ("application/json", "{", 400),
        ("application/json", "[" * 100_000, 400),
        ("application/json", "[]", 400),
        ("application/json", '{"query": 1}', 400),
        ("application/json", '{"query": "mutation {"}', 400),
        ("application/json", json.dumps({"query": "mutation" + " { a" * 30_000}), 400),
        ("application/json", " " * (LONGEST_BODY + 1), 413),
    ],
)
def test_what_is_no_json_does_not_pass(
    behind: Site,
    dagster: Program,
    operator: httpx2.Client,
    content_type: str,
    body: str,
    status: int,
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = operator.post("/dagster/graphql", content=body.encode(), headers=headers)
    assert answer.status_code == status
    assert (dagster.asked, changes(behind)) == ([], [])


def test_an_address_changes_nothing(
    behind: Site, dagster: Program, operator: httpx2.Client
) -> None:
    for accept in ("*/*", "text/html"):
        answer = operator.get(
            "/dagster/graphql", params={"query": LAUNCH}, headers={"Accept": accept}
        )
        assert answer.status_code == 405
        assert answer.text == "a mutation is sent with POST, as JSON"
    assert operator.get("/dagster/graph%71l", params={"query": LAUNCH}).status_code == 405
    assert operator.get("/dagster/graphql").status_code == 200
    assert changes(behind) == []


@pytest.mark.parametrize("sent", [b"query=mutation+%7Ba%7D", b"q=1&query=%6dutation%7Ba%7D"])
def test_a_mutation_in_an_address_is_found(sent: bytes) -> None:
    with pytest.raises(RefusedRequest) as refused:
        check_address(sent)
    assert refused.value.status == 405
    check_address(b"query=query+%7Ba(mutation:1)%7D")


def test_a_mutation_is_found_beside_a_query() -> None:
    both = json.dumps({"query": "query Q { a } mutation M { ...F } fragment F on M { b }"})
    mutation = mutation_of("Application/JSON; charset=utf-8", both.encode())
    assert mutation is not None
    assert (mutation.fields, mutation.variables) == (("...",), "null")


def test_nothing_passes_that_is_not_written_down(
    dagster: Program, operator: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Transient("PostgreSQL does not answer")

    monkeypatch.setattr(AuditLog, "record", refuse)
    answer = operator.post("/dagster/graphql", json={"query": LAUNCH})
    assert (answer.status_code, answer.text) == (503, "the audit log cannot be written")
    assert operator.post("/dagster/anything", content=b"x").status_code == 503
    assert dagster.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "ftp://127.0.0.1"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_a_page_of_somebody_else_gets_nowhere(
    behind: Site, dagster: Program, operator: httpx2.Client, headers: dict[str, str]
) -> None:
    answer = operator.post("/dagster/graphql", json={"query": LAUNCH}, headers=headers)
    assert answer.status_code == 403
    if "Sec-Fetch-Site" in headers:
        for path in ("/dagster/runs", "/books/", "/api/v1/connections"):
            assert operator.get(path, headers=headers).status_code == 403
    assert (dagster.asked, changes(behind)) == ([], [])


def test_a_link_on_a_page_of_somebody_else_is_followed(operator: httpx2.Client) -> None:
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert operator.get("/dagster/runs", headers=headers).status_code == 207


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("evil.example:8080", 421),
        ("169.254.1.1", 421),
        ("localhost.evil.example", 421),
        ("", 400),
        ("a b", 400),
        ("[", 400),
        ("localhost:99999999", 400),
        ("user@localhost", 400),
    ],
)
def test_a_name_that_somebody_points_here_is_refused(behind: Site, host: str, status: int) -> None:
    """A browser takes such a page for the console's own, whatever its Origin says."""
    netloc = urlsplit(behind.url).netloc
    raw = http.client.HTTPConnection(netloc)
    headers = {"Host": host, "Origin": f"http://{host}"}
    for path in ("/", "/sign-in", "/dagster/graphql", "/api/v1/me", "/static/sign_in.css"):
        raw.request("POST" if path.endswith("graphql") else "GET", path, headers=headers)
        answer = raw.getresponse()
        answer.read()
        assert answer.status == status, path
    raw.request("GET", "/health", headers=headers)
    assert raw.getresponse().status == 200
    raw.close()


@pytest.mark.parametrize("path", ["/sign-in%00", "/journals?x=%00", "/dagster/%00", "/%00"])
def test_nul_is_refused_where_it_stands(behind: Site, path: str) -> None:
    with behind.browser() as browser:
        assert browser.get(path).status_code == 400


@pytest.mark.parametrize(
    ("url", "host", "serves"),
    [
        ("https://books.example", "books.example", True),
        ("https://books.example/day", "localhost", True),
        ("https://books.example", "127.0.0.2", True),
        ("http://localhost:8080", "::1", True),
        ("https://books.example", "www.books.example", False),
        ("http://localhost:8080", "books.example", False),
        ("http://[fd00::1]:8080", "fd00::1", True),
    ],
)
def test_hosts_of_the_console(url: str, host: str, serves: bool) -> None:
    assert Origins(url).serve(host) is serves
