"""Masking of secrets, by value, in everything that is logged, shown or stored.

Every secret that this process decrypts or receives is registered here, and all output passes
through `redacted`. This is a safety net: no code puts a secret into a message on purpose.
"""

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from connectors.errors import Permanent

MASK = "[secret]"
# Shorter ones would mask ordinary words, and no platform issues any.
_SHORTEST = 8

_known: set[str] = set()


def remember(secrets: Iterable[str]) -> None:
    """Mask these from now on in this process, also in their URL-encoded form."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            # A secret in a query string appears percent-encoded in the errors of HTTP libraries.
            _known.update((secret, quote(secret, safe="")))


def redacted(text: str) -> str:
    """Return the text with every known secret masked."""
    # A copy: other threads may open credentials while this one logs.
    secrets = [secret for secret in _known.copy() if secret in text]
    # The longest first: one secret may begin with another.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def keep_logs_clean() -> None:
    """Mask secrets in everything this process logs, including libraries."""
    before = logging.getLogRecordFactory()
    # Installed twice, every record would be masked twice.
    if getattr(before, "masks_secrets", False):
        return

    def masking(*args: object, **kwargs: object) -> logging.LogRecord:
        record = before(*args, **kwargs)
        # The arguments are merged first: a secret may only be complete in the finished message.
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
    """Replace an error whose traceback contains a secret."""
    try:
        yield
    except Exception as error:
        traceback_text = "".join(traceback.format_exception(error))
        if redacted(traceback_text) == traceback_text:
            raise
        # Masked before it is cut: the first line of a multi-line key would not match it.
        line = redacted(str(error)).partition("\n")[0]
        # `from None`, because the original would be printed as the cause.
        raise Permanent(line or type(error).__name__) from None
