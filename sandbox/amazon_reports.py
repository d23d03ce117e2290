"""Amazon's Reports API 2021-06-30 and the store that its documents are fetched from.

Shapes: the Reports model. A presigned address is good once it is made and for five minutes; it is
refused beside any other authorisation. UNCONFIRMED and assumed here: the words of refusals, and
that the store answers 403 to an address that has ended.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.amazon_money import AmazonMoney, Listed
from sandbox.amazon_sites import packed

V2 = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
# By the Reports model.
KEPT = timedelta(days=90)
_PARAMS = {"reportTypes", "processingStatuses", "createdSince", "createdUntil", "pageSize"}


@dataclass
class ReportDesk:
    """Lists and documents; the next `stale` addresses are given out after their time."""

    stale: int = 0
    pages: dict[str, tuple[str, int]] = field(default_factory=dict)
    signed: dict[str, tuple[Listed, bool]] = field(default_factory=dict)

    def listed(self, request: Request, money: AmazonMoney) -> Response:
        """Answer GET /reports: a page of the list; a token stands alone."""
        query = request.query_params
        if "nextToken" in query:
            if len(query) > 1 or query["nextToken"] not in self.pages:
                return _refused(400, "InvalidInput", "Invalid nextToken")
            since, offset = self.pages[query["nextToken"]]
            return self._page(money, since, offset)
        since = query.get("createdSince", "")
        if wrong := _wrong(request, money):
            return _refused(400, "InvalidInput", wrong)
        return self._page(money, since, 0)

    def document(self, request: Request, money: AmazonMoney) -> Response:
        """Answer GET /documents/{number}: where it can be fetched for now."""
        number = request.path_params["number"]
        matches = next((r for r in money.listed() if r.document == number), None)
        if matches is None:
            return _refused(404, "NotFound", "The requested resource doesn't exist.")
        signature = secrets.token_hex(16)
        self.signed[signature] = (matches, self.stale > 0)
        self.stale = max(0, self.stale - 1)
        url = f"{request.base_url}documents/{number}?X-Amz-Expires=300&X-Amz-Signature={signature}"
        answer = {"reportDocumentId": number, "url": url}
        algorithm = packed(matches.content, matches.number)[1]
        if algorithm is not None:
            answer["compressionAlgorithm"] = algorithm
        return JSONResponse(answer, headers=_limit("0.0167"))

    async def download(self, request: Request) -> Response:
        """Return a document as the store hands it out, to whoever has the address."""
        # The address is signed by itself; S3 refuses a second way to authorise.
        if {"authorization", "x-amz-access-token"} & set(request.headers):
            return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
        report, ended = self.signed.get(
            request.query_params.get("X-Amz-Signature", ""), (None, True)
        )
        if report is None:
            return _xml(403, "SignatureDoesNotMatch", "The signature does not match")
        if ended:
            return _xml(403, "AccessDenied", "Request has expired")
        content, _ = packed(report.content, report.number)
        return Response(
            content, headers={"Content-Type": f"text/plain;charset={report.site.charset}"}
        )

    def _page(self, money: AmazonMoney, since: str, offset: int) -> Response:
        begin = datetime.fromisoformat(since)
        made = [r for r in money.listed() if r.created >= begin]
        answer: dict[str, object] = {
            "reports": [r.entry() for r in made[offset : offset + money.largest]]
        }
        if offset + money.largest < len(made):
            token = secrets.token_urlsafe(24)
            self.pages[token] = (since, offset + money.largest)
            answer["nextToken"] = token
        return JSONResponse(answer, headers=_limit("0.0222"))


def _wrong(request: Request, money: AmazonMoney) -> str | None:
    """Return what is wrong with the parameters of a first page."""
    query = request.query_params
    if unknown := set(query) - _PARAMS:
        return f"Unknown parameters {sorted(unknown)}"
    # Older types of the report ended on 2026-11-11 (SP-API deprecation reminders).
    if query.get("reportTypes") != V2:
        return "Report type is invalid or no longer supported"
    if not 1 <= int(query.get("pageSize", "10")) <= 100:
        return "pageSize"
    now = datetime.combine(money.today, time(12), UTC)
    # Ninety days to the second are too many, as other connectors found (airbyte issue 76265).
    if datetime.fromisoformat(query["createdSince"]) <= now - KEPT:
        return "createdSince is more than 90 days ago"
    return None


def _limit(rate: str) -> dict[str, str]:
    return {"x-amzn-RateLimit-Limit": rate}


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message, "details": ""}]}, status)


def _xml(status: int, code: str, message: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status, media_type="application/xml")
