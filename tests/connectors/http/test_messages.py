"""What an answer says: any JSON that a platform may write, and nothing that is cut."""

import json

import httpx2
import pytest

from connectors.documents.api_documents import ApiDocument
from connectors.errors import Transient
from connectors.http import Response, body


def _said(content: bytes) -> object:
    return Response(content, httpx2.Headers()).json


def test_half_a_character_is_text_that_can_be_kept() -> None:
    value = _said(rb'{"note":"thanks \ud83d","total":"12.30"}')
    document = ApiDocument("woocommerce", "open", "open:EUR", "EUR")
    document.put("orders", value)
    line = document.source_file().content.splitlines()[1]
    assert json.loads(line)["answer"] == {"note": "thanks ?", "total": "12.30"}


def test_a_number_of_any_length_keeps_its_digits() -> None:
    number = 123456789012345678901234567890
    value = _said(b'{"id":%d,"other":18446744073709551615}' % number)
    assert value == {"id": number, "other": 2**64 - 1}
    document = ApiDocument("square", "open", "open:USD", "USD")
    document.put("ListPayouts", value)
    assert str(number).encode() in document.source_file().content


def test_an_answer_that_is_looked_at_twice_is_read_once() -> None:
    response = httpx2.Response(200, content=b'{"code":0}')
    assert body(response) is body(response)
    assert Response.of(response).json is body(response)
    assert Response.of(httpx2.Response(200, content=b'{"code":0}')).json == {"code": 0}


def test_a_cut_answer_is_asked_for_again() -> None:
    assert _said(b"") is None
    with pytest.raises(Transient, match="cut or no JSON"):
        _said(b'{"orders":[{"id":1')
