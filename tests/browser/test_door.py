"""A page of somebody else in the browser of an operator who has signed in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from sandbox.server import bound, serving
from tests.browser.conftest import Site as WholeSite
from tests.browser.conftest import sign_in
from tests.console.web.conftest import PASSWORD, Site
from tests.console.web.test_foreign_pages import changes
from tests.console.web.test_proxy import Program, behind, dagster

__all__ = ["behind", "dagster"]

QUERY = "mutation { launchRun { id } }"
# Everything a page can send anywhere without asking, with the cookies of whom it is sent to.
ATTACK = """
async (target) => {
  const query = 'mutation { launchRun { id } }', address = target + '/dagster/graphql';
  const sent = {mode: 'no-cors', credentials: 'include'};
  const read = encodeURIComponent(query);
  const tries = [
    fetch(address, {...sent, method: 'POST', body: JSON.stringify({query})}),
    fetch(address + '?query=' + read, sent),
    fetch(address + '?query=' + read, {...sent, method: 'POST'}),
    fetch(address, {credentials: 'include', method: 'POST', body: JSON.stringify({query}),
                    headers: {'Content-Type': 'application/json'}}),
    fetch(target + '/dagster/anything', sent),
    new Promise((done) => {
      const socket = new WebSocket(target.replace('http', 'ws') + '/dagster/echo', 'graphql-ws');
      socket.onerror = () => done('refused');
      socket.onopen = () => done('open');
    }),
    new Promise((done) => {
      const image = new Image();
      image.onload = image.onerror = done;
      image.src = address + '?query=' + read;
    }),
    new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.name = 'hidden';
      document.body.append(frame);
      const form = document.createElement('form');
      form.action = address;
      form.method = 'POST';
      form.enctype = 'text/plain';
      form.target = 'hidden';
      const field = document.createElement('input');
      field.name = '{"query": "' + query + '", "a": "';
      field.value = '"}';
      form.append(field);
      document.body.append(form);
      frame.onload = done;
      form.submit();
      setTimeout(done, 3000);
    }),
  ];
  const ends = await Promise.allSettled(tries);
  return ends[5].value;
}
"""


@pytest.fixture
def operator(chromium: Browser, behind: Site) -> Iterator[Page]:
    """An operator, signed in; nothing of this browser is shared with other tests."""
    behind.add_user("olga", "operator")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{behind.url}/sign-in?next=/dagster/headers")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("body")).to_contain_text("x-forwarded-prefix")
    yield page
    context.close()


# The same host on another port is the same site to a browser: cookies go along.
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_somebody_else_drives_nothing(
    behind: Site, dagster: Program, operator: Page, host: str
) -> None:
    evil = Starlette(routes=[Route("/", lambda _request: HTMLResponse("<body>hello</body>"))])
    with serving(evil, bound()) as url:
        operator.goto(url.replace("127.0.0.1", host))
        assert operator.evaluate(ATTACK, behind.url) == "refused"
        read = f"{behind.url}/dagster/graphql?query={QUERY}"
        operator.evaluate("(address) => { location = address }", read)
        expect(operator.locator("body")).to_contain_text("a mutation is sent with POST")
    assert dagster.asked == []
    assert changes(behind) == []
    # The same request from the console's own page goes through, and is written down.
    operator.goto(f"{behind.url}/dagster/headers")
    status = operator.evaluate(
        """async (query) => (await fetch('/dagster/graphql', {method: 'POST',
        headers: {'Content-Type': 'application/json'}, body: JSON.stringify({query})})).status""",
        QUERY,
    )
    assert status == 207
    assert [change[:3] for change in changes(behind)] == [("olga", "dagster.mutation", "launchRun")]


def test_an_open_page_is_cut_off_when_its_user_signs_out(page: Page, site: WholeSite) -> None:
    other = page.context.new_page()
    closed: list[str] = []
    other.on("websocket", lambda s: s.on("close", lambda _socket: closed.append(s.url)))
    other.goto(site.url)
    expect(other.get_by_role("heading", name="Connected Stores")).to_be_visible()
    other.wait_for_timeout(1000)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    other.wait_for_timeout(5000)
    assert closed
    assert "/_nicegui_ws/" in closed[0]
    other.close()
    sign_in(page, site)
