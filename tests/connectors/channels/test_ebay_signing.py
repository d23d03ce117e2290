"""eBay's digital signatures: the published sample, and what the emulator lets through."""

from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest

from connectors.channels.ebay.authorisation import EBAY
from connectors.channels.ebay.signature import Signature
from connectors.errors import BadInput, ConfigError
from connectors.home.settings import Settings
from connectors.http import Remote, TokenAuth
from sandbox.ebay import EBay
from tests.connectors.accounts.platforms import desk
from tests.connectors.channels.ebay_calls import payouts

# The sample of github.com/eBay/digital-signature-verification-ebay-api, with RFC 9421's test key.
KEY = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
JWE = (
    "eyJ6aXAiOiJERUYiLCJlbmMiOiJBMjU2R0NNIiwidGFnIjoiSGdLcjNSSWFlZll0Mkd4blBUUTEwUSIsImFsZyI6IkEy"
    "NTZHQ01LVyIsIml2IjoiQTVOQXFYUXlITkNIT01GVSJ9.z3JcS0vvxrYboqpySAq_Znww-3V6AllxmJP5JEMkuLY.K1f4"
    "MVMEc8ylbfSS.fASwJyMCk2tXZsNWk13IcuVgSWTOcynSdAoJrK4WApZANlxAP9J0qr0Jz_4aFldFDSZ5tfuxLGqzJmWU"
    "7CiZWwNjk2XoVy8q5ogMrFNFwFXP4SrX1XORhNLZPTyS5DEqLDPYn2NX944xendEwfcxxXsTSeNCUnmSyfitiscUC04GYO"
    "fn0UWQ2buSWx7Yod0IR2GtTGUsM9o3J-riuNDKhw.rRsWM1Sl_2stTnZLJkWVmQ"
)
SIGNED = "uunxYrXKC8KaoupD5D1DKdmQmrOhz6b4Xbhb3o9d4x4xFIpg++XzEZztOyeOI59rMMjM3NIcFgxBH0c1ckpfBw=="


class Open(httpx2.Auth):
    """Nothing more."""

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        yield request


@pytest.mark.parametrize(
    "key", [KEY, f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----"]
)
def test_the_published_sample_is_signed_alike(key: str) -> None:
    request = httpx2.Request(
        "POST", "http://localhost:8080/verifysignature", content=b'{"hello": "world"}'
    )
    signature = Signature(JWE, key, Open(), clock=lambda: 1659651955.9)
    next(signature.auth_flow(request))
    assert request.headers["Content-Digest"] == (
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    )
    assert request.headers["Signature-Input"] == (
        'sig1=("content-digest" "x-ebay-signature-key" "@method" "@path" "@authority")'
        ";created=1659651955"
    )
    assert request.headers["Signature"] == f"sig1=:{SIGNED}:"


def test_a_key_that_is_none_is_named_without_showing_it() -> None:
    with pytest.raises(BadInput, match="signing_key is no private key") as refused:
        Signature(JWE, "c2VjcmV0", Open())
    assert "c2VjcmV0" not in str(refused.value)


@pytest.mark.parametrize("of", ["first", "polish"])
def test_a_seller_of_the_uk_or_the_eu_signs_with_a_sealed_key(
    of: str, quick_home: Settings, tmp_path: Path
) -> None:
    with desk("ebay", quick_home, tmp_path) as at:
        assert isinstance(at.emulator, EBay)
        slug = at.add(getattr(at.emulator, of))
        assert payouts(at, slug)["total"] > 0
        at.emulator.expire()
        assert payouts(at, slug)["total"] > 0
        at.accounts.check(slug, actor="test")
        assert len(at.emulator.keypairs.public) == 1
        sealed = at.accounts.vault.read(slug)
        assert sealed["signing_jwe"] in at.emulator.keypairs.public
        shown = repr(at.registry.connections.get(slug)) + repr(at.registry.audit.list())
        assert sealed["signing_jwe"] not in shown
        assert sealed["signing_key"] not in shown


def test_a_seller_elsewhere_needs_no_signature(quick_home: Settings, tmp_path: Path) -> None:
    with desk("ebay", quick_home, tmp_path) as at:
        assert isinstance(at.emulator, EBay)
        slug = at.add(at.emulator.second)
        assert payouts(at, slug)["total"] == 0
        assert at.emulator.keypairs.public == {}
        assert "signing_key" not in at.accounts.vault.read(slug)


def test_a_call_unsigned_or_signed_with_another_key_is_refused(
    quick_home: Settings, tmp_path: Path
) -> None:
    with desk("ebay", quick_home, tmp_path) as at:
        slug = at.add(at.emulator.first)
        access = at.accounts.access(slug)
        token = TokenAuth(access.token)
        forged = Signature(access.fields["signing_jwe"], KEY, token)
        for auth in (token, forged):
            with Remote("eBay", auth) as ebay, pytest.raises(ConfigError, match="does not allow"):
                ebay.get(access.url("apiz", "/sell/finances/v1/payout"))
        with Remote("eBay", EBAY.sign(access)) as ebay:
            ebay.get(access.url("apiz", "/sell/finances/v1/payout"))
