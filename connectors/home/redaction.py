"""Secrets kept out of everything that is written down, by what they are and not by where they are.

Every secret that this process opens or is given is remembered here; whatever is about to be
logged, shown or stored passes through `redacted`. It is the last wall, not the first: nothing
puts a secret into a message on purpose.
"""

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from connectors.errors import Permanent

MASK = "[secret]"
# Shorter ones would mask ordinary words, and no platform gives any.
_SHORTEST = 8

_known: set[str] = set()


def remember(secrets: Iterable[str]) -> None:
    """Mask these from now on in this process, also as they stand in URLs."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            _known.update((secret, quote(secret, safe="")))


def redacted(text: str) -> str:
    """Return the text with every known secret masked."""
    secrets = [secret for secret in _known.copy() if secret in text]
    # The longest first: one secret may begin with another.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def keep_logs_clean() -> None:
    """Mask secrets in everything this process logs, whoever logs it."""
    before = logging.getLogRecordFactory()
    if getattr(before, "masks_secrets", False):
        return

    def masking(*args: object, **kwargs: object) -> logging.LogRecord:
        record = before(*args, **kwargs)
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and record.exc_info[1] is not None:
            traceback_text = "".join(traceback.format_exception(record.exc_info[1]))
            if redacted(traceback_text) != traceback_text:
                record.exc_info, record.exc_text = None, redacted(traceback_text)
        return record

    masking.masks_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(masking)


@contextmanager
def clean_errors() -> Iterator[None]:
    """Replace an error whose traceback would tell a secret by one that does not."""
    try:
        yield
    except Exception as error:
        traceback_text = "".join(traceback.format_exception(error))
        if redacted(traceback_text) == traceback_text:
            raise
        # Masked before it is cut: a key of several lines would be known no more.
        line = redacted(str(error)).partition("\n")[0]
        raise Permanent(line or type(error).__name__) from None
