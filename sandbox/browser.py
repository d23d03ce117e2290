"""A seller in front of a consent page: reads it, chooses, presses a button."""

import ssl
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import httpx2

# Platforms are on loopback: this spares every consent the reading of certificates.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[tuple[str, str]] = []
        self.accounts: list[str] = []
        self.checked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag != "input":
            return
        if attributes["type"] == "hidden":
            self.hidden.append((attributes["name"] or "", attributes["value"] or ""))
        else:
            self.accounts.append(attributes["value"] or "")
            if "checked" in attributes:
                self.checked.append(attributes["value"] or "")


def decided(url: str, *, allow: bool = True, accounts: Sequence[str] | None = None) -> str:
    """Open a platform's page and decide; the address that the browser is sent back to."""
    with httpx2.Client(follow_redirects=True, verify=NO_TLS) as browser:
        page = browser.get(url)
        assert page.status_code == 200, page.text
        form = _Form()
        form.feed(page.text)
        requested = form.checked if accounts is None else list(accounts)
        assert set(requested) <= set(form.accounts)
        fields: dict[str, str | list[str]] = dict(form.hidden)
        fields |= {"account": requested, "decision": "allow" if allow else "deny"}
        # Not followed: the callback is Daybook's, and a test hands it over itself.
        answer = browser.post(str(page.url), data=fields, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def consent(
    url: str, *, allow: bool = True, accounts: Sequence[str] | None = None
) -> dict[str, str]:
    """Open a platform's page and decide; the parameters of the callback."""
    return dict(parse_qsl(urlsplit(decided(url, allow=allow, accounts=accounts)).query))
