"""A secret that was opened once is masked wherever this process writes."""

import logging

import pytest

from connectors.errors import Permanent
from connectors.home.redaction import MASK, clean_errors, keep_logs_clean, redacted, remember

SECRET = "marked+secret/0815=="


@pytest.fixture(autouse=True)
def forget_secrets() -> None:
    remember([SECRET, SECRET + "-longer"])


def test_text_is_masked_also_as_it_stands_in_a_url() -> None:
    assert redacted(f"a {SECRET} b") == f"a {MASK} b"
    assert redacted("?t=marked%2Bsecret%2F0815%3D%3D&x=1") == f"?t={MASK}&x=1"
    assert redacted(SECRET + "-longer") == MASK
    assert redacted("nothing here") == "nothing here"


def test_a_short_word_is_no_secret() -> None:
    remember(["read", ""])
    assert redacted("read this") == "read this"


def test_logs_are_clean(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    keep_logs_clean()
    keep_logs_clean()
    try:
        log = logging.getLogger("somebody.else")
        log.warning("token %s for %s", SECRET, "shop")
        try:
            raise ValueError(f"cannot use {SECRET}")
        except ValueError:
            log.exception("it failed")
    finally:
        logging.setLogRecordFactory(before)
    assert f"token {MASK} for shop" in caplog.text
    assert "cannot use" in caplog.text
    assert SECRET not in caplog.text


def test_an_error_that_would_tell_is_replaced_and_others_are_not() -> None:
    with pytest.raises(Permanent) as error, clean_errors():
        _fail_because_of(SECRET)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    with pytest.raises(RuntimeError, match="as it is"), clean_errors():
        raise RuntimeError("as it is")


def _fail_because_of(what: str) -> None:
    try:
        raise KeyError(what)
    except KeyError as error:
        raise RuntimeError("a call failed") from error
