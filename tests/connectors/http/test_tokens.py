"""A token that was looked up a moment ago is not looked up again, unless it was refused."""

import pytest

from connectors.http import Remembered


def test_a_source_is_asked_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals: list[str | None] = []
    now = 100.0

    def source(refused: str | None = None) -> str:
        refusals.append(refused)
        return f"token-{len(refusals)}"

    monkeypatch.setattr("connectors.http.tokens.monotonic", lambda: now)
    token = Remembered(source, seconds=20.0)
    assert [token(), token(), token()] == ["token-1"] * 3
    assert token(refused="token-1") == "token-2"
    assert token() == "token-2"
    now += 20.0
    assert token() == "token-3"
    assert refusals == [None, "token-1", None]
