"""Clients of Amazon Web Services that use the given key only and never retry by themselves.

By default botocore reads the machine's AWS settings and retries on its own schedule. Failures are
raised as errors of `connectors.errors`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from connectors.errors import Permanent, Transient

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
# Session variables that would otherwise read ~/.aws of the user who runs Daybook.
_FILES = ("config_file", "credentials_file")


def service(name: str, region: str, endpoint: str, key_id: str, secret: str) -> Any:
    """Return botocore's client of a service in a region, at an address of its own."""
    # Imported on use: botocore costs every process that never calls AWS a noticeable start.
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    for variable in _FILES:
        session.set_config_variable(variable, os.devnull)
    return session.create_client(
        name,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            # The caller's policy retries; botocore's own would multiply the waits.
            retries={"total_max_attempts": 1},
        ),
    )


@contextmanager
def translated(title: str, error_for: Callable[[str, int], Exception | None]) -> Iterator[None]:
    """Translate the failures of a call into errors of `connectors.errors`.

    `error_for` reads the service's own code and status; None leaves them to the status: `Transient`
    for the network and 5xx, `Permanent` for anything else.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise error_for(code, status) or _status_error(title, error, status) from error
    except HTTPClientError as error:
        raise Transient(f"{title} does not answer ({type(error).__name__}): try again") from error
    except BotoCoreError as error:
        raise Permanent(f"{title} answers with something else ({type(error).__name__})") from error


def _status_error(title: str, error: Any, status: int) -> Exception:
    # AWS answers throttling with 400 and 503; `error_for` has seen the codes it knows before.
    if status >= 500:
        return Transient(f"{title} answers {error.operation_name} with {status}: try again")
    return Permanent(f"{title} answers {error.operation_name} with {status}")
