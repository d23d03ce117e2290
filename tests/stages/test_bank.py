"""Payouts in the bank: statements read exactly, and deposits matched with what was paid out."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.bank import BankLine, CsvColumns, read_statement
from connectors.bank.csv_statement import columns_of
from connectors.errors import BadInput
from pipelines.stages.bank import BankImport, import_statement, unmatched_payouts
from sandbox.amazon_files import order, report
from tests.channels.house import House

PLAIN = CsvColumns({})
GERMAN = """Buchungstag;Verwendungszweck;Betrag;Währung
21.03.2026;"AMAZON PAYMENTS 20000000001; Danke";1.234,56;EUR
22.03.2026;Miete;-850,00;EUR
22.03.2026;Miete;-850,00;EUR
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><Stmt>
<Ntry><Amt Ccy="USD">17.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{booked}
<BookgDt><Dt>2026-03-19</Dt></BookgDt><AcctSvcrRef>A1</AcctSvcrRef>
<NtryDtls><TxDtls><RmtInf><Ustrd>AMAZON</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="USD">5.50</Amt><CdtDbtInd>DBIT</CdtDbtInd>{booked}
<BookgDt><DtTm>2026-03-20T09:00:00+01:00</DtTm></BookgDt></Ntry>
<Ntry><Amt Ccy="USD">99.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{pending}
<BookgDt><Dt>2026-03-21</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def read(text: str, columns: CsvColumns = PLAIN, currency: str | None = "USD") -> list[BankLine]:
    return read_statement("bank.csv", text.encode(), columns, currency)


def test_a_german_file_is_read_to_the_cent_and_equal_lines_stay_apart() -> None:
    lines = read(GERMAN, currency=None)
    assert [(line.booked_on, line.amount, line.currency) for line in lines] == [
        (date(2026, 3, 21), Decimal("1234.56"), "EUR"),
        *[(date(2026, 3, 22), Decimal("-850.00"), "EUR")] * 2,
    ]
    assert len({line.line_id for line in lines}) == 3
    # A later file that overlaps names the same lines the same.
    assert read(GERMAN, currency=None) == lines


def test_money_in_and_money_out_may_have_columns_of_their_own() -> None:
    text = 'Posted,Money in,Money out,Memo\n2026-03-21,"1,000.00",,a\n2026-03-22,,5.25,b\n'
    lines = read(text, CsvColumns(columns_of("date=Posted")))
    assert [line.amount for line in lines] == [Decimal("1000.00"), Decimal("-5.25")]


@pytest.mark.parametrize(
    ("text", "columns", "complaint"),
    [
        ("date,amount\n01/02/2026,1.00\n", PLAIN, "may be two days: add --day-format"),
        ("date,amount\n2026-02-01,1.234\n", PLAIN, "may be read two ways: add --decimal"),
        ("date,amount\n2026-02-01,1.2.3\n", PLAIN, "'1.2.3' is no amount"),
        ("date,amount\nsoon,1.00\n", PLAIN, "'soon' is no day"),
        ("date,amount\n2026-02-01\n", PLAIN, "row 2 has 1 columns of 2"),
        ("when,what\n2026-02-01,1\n", PLAIN, "which columns are days and amounts?"),
        ("date,amount\n2026-02-01,1\n", CsvColumns({"text": "Memo"}), "has no column 'Memo'"),
        ("date,amount\n", PLAIN, "the statement has no lines"),
        ("OFXHEADER:100\n", PLAIN, "is no whole OFX (it has no <OFX>): download it again"),
        ("<!DOCTYPE x><a>camt.053</a>", PLAIN, "a statement has no document type"),
        ("<a>camt.053", PLAIN, "is no whole XML"),
        ("<a>camt.053<Ntry><Amt Ccy='USD'>x</Amt></Ntry></a>", PLAIN, "entry 1 has no readable"),
    ],
)
def test_what_is_ambiguous_or_odd_is_refused_with_the_cure(
    text: str, columns: CsvColumns, complaint: str
) -> None:
    with pytest.raises(BadInput, match=r".+") as refused:
        read(text, columns)
    assert complaint in str(refused.value)


@pytest.mark.parametrize("version", ["02", "13"])
def test_booked_entries_of_camt_are_read_and_announced_ones_are_not(version: str) -> None:
    wrap = "<Sts>{}</Sts>" if version == "02" else "<Sts><Cd>{}</Cd></Sts>"
    text = CAMT.format(version=version, booked=wrap.format("BOOK"), pending=wrap.format("PDNG"))
    first, second = read(text, currency=None)
    assert (first.line_id, first.booked_on, first.amount) == (
        *("A1", date(2026, 3, 19)),
        Decimal("17.00"),
    )
    assert (first.text, second.booked_on, second.amount) == (
        *("AMAZON", date(2026, 3, 20)),
        Decimal("-5.50"),
    )


OFX = """<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>{account}
</BANKACCTFROM><BANKTRANLIST><DTSTART>20260301<DTEND>20260331
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260321235959.000[-8:PST]<TRNAMT>1234.56<FITID>F1
<NAME>AMAZON &amp; CO<MEMO></STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260322<TRNAMT>-850,00<FITID>F2<NAME>Rent</NAME></STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260322<TRNAMT>-5<FITID>F3<CURRENCY><CURRATE>1.1<CURSYM>eur</CURRENCY>
<MEMO>Fee</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>1<DTASOF>20260331</LEDGERBAL></STMTRS></STMTTRNRS>
</BANKMSGSRSV1></OFX>
""".format(account="123")
HEAD = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
XML = '<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n'
CLOSED = re.compile(r"<((?!/)[A-Z0-9]+)>([^<\n]+)(?:</\1>)?")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + OFX,
        # One line, as some banks write it, and every value closed, as version 2 has it.
        HEAD + OFX.replace("\n", ""),
        XML + CLOSED.sub(r"<\1>\2</\1>", OFX).replace("<MEMO></ST", "<MEMO></MEMO></ST"),
    ],
)
def test_ofx_of_both_versions_is_read_by_its_own_ids(text: str) -> None:
    lines = read(text, currency=None)
    assert [(ln.line_id, ln.booked_on, ln.amount, ln.currency, ln.text) for ln in lines] == [
        ("F1", date(2026, 3, 21), Decimal("1234.56"), "USD", "AMAZON & CO"),
        ("F2", date(2026, 3, 22), Decimal("-850.00"), "USD", "Rent"),
        ("F3", date(2026, 3, 22), Decimal(-5), "EUR", "Fee"),
    ]
    # The bytes of one bank are Windows-1252.
    accented = (HEAD + OFX).replace("Rent", "Loyé").encode("cp1252")
    assert read_statement("x.ofx", accented, PLAIN, None)[1].text == "Loyé"


@pytest.mark.parametrize("head", [HEAD, XML])
def test_ofx_that_is_cut_off_anywhere_is_refused(head: str) -> None:
    text = OFX if head == HEAD else CLOSED.sub(r"<\1>\2</\1>", OFX).replace("<MEMO></", "</")
    for end in range(len(head) + 5, len(head + text) - len("</OFX>\n"), 7):
        with pytest.raises(BadInput, match="download it again"):
            read((head + text)[:end], currency=None)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-850,00", "-8.500,00", "line 2 has no readable amount"),
        (
            "<DTPOSTED>20260322<TRNAMT>-850",
            "<DTPOSTED>2026<TRNAMT>-850",
            "line 2 has no readable day",
        ),
        ("<FITID>F2", "<FITID>F1", "the id F1 (FITID) stands for two lines"),
        ("</LEDGERBAL>", "</LEDGER>", "</LEDGER> closes nothing"),
        ("STMTRS>", "INVSTMTRS>", "holds no statement of a bank account"),
        ("</BANKMSGSRSV1>", "<STMTRS><ACCTID>9</STMTRS></BANKMSGSRSV1>", "holds 2 accounts"),
        ("<OFX>", "<!DOCTYPE x><OFX>", "a statement has no document type"),
    ],
)
def test_ofx_that_is_odd_is_refused_with_the_cure(old: str, new: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=r".+") as refused:
        read((HEAD + OFX).replace(old, new), currency=None)
    assert complaint in str(refused.value)
    twice = OFX.replace("<FITID>F2", "<FITID>F1").replace("-850,00", "1234.56")
    with pytest.raises(BadInput, match="stands for two lines"):
        read(HEAD + twice, currency=None)


def stored(house: House, path: Path, text: str) -> BankImport:
    path.write_text(text)
    return import_statement(house.workspace, path, "main", "ann", PLAIN, "USD")


def twin(settlement: str, start: str, end: str, deposit: str) -> str:
    """A settlement that pays out what its twin does."""
    noon = "12:00:00 UTC"
    return report(
        order(f"111-{settlement[-7:]}-0000001", at=f"{start} 13:00:00 UTC"),
        settlement=settlement,
        start=f"{start} {noon}",
        end=f"{end} {noon}",
        deposit=f"{deposit} {noon}",
    )


def test_deposits_are_matched_with_payouts_one_to_one(empty: House, tmp_path: Path) -> None:
    empty.take(twin("20000000001", "2026-03-01", "2026-03-03", "2026-03-05"), "1.txt")
    empty.take(twin("20000000002", "2026-03-03", "2026-03-05", "2026-03-07"), "2.txt")
    empty.take(twin("20000000003", "2026-03-05", "2026-03-07", "2026-03-20"), "3.txt")
    empty.run()
    payout = empty.prove()[0].paid
    file = tmp_path / "march.csv"
    # The id in a line's text decides, whatever is nearer; another currency or day is no payout.
    first = stored(
        empty,
        file,
        "date,amount,description,currency\n"
        f"2026-03-06,{payout},transfer 20000000002,USD\n"
        f"2026-03-07,{payout},AMAZON,USD\n"
        f"2026-03-20,{payout},AMAZON,EUR\n"
        f"2026-04-20,{payout},AMAZON,USD\n",
    )
    assert first == BankImport(4, 4, 2)
    assert {p.settlement_id: p.bank_date for p in empty.prove()} == {
        "20000000001": date(2026, 3, 7),
        "20000000002": date(2026, 3, 6),
        "20000000003": None,
    }
    (waiting,) = unmatched_payouts(empty.workspace, [empty.connection], date(2026, 3, 24))
    assert (waiting.payout.settlement_id, waiting.days, waiting.is_overdue) == (
        *("20000000003", 4),
        False,
    )
    (late,) = unmatched_payouts(empty.workspace, [empty.connection], date(2026, 3, 30))
    assert late.is_overdue
    # The next statement overlaps: a line counts once, and a match stays.
    again = stored(
        empty,
        file,
        f"date,amount,description\n2026-03-06,{payout},transfer 20000000002\n"
        f"2026-03-23,{payout},AMAZON\n",
    )
    assert again == BankImport(2, 1, 1)
    assert unmatched_payouts(empty.workspace, [empty.connection], date(2026, 3, 30)) == []
