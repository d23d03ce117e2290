"""`daybook sql`: the warehouse read-only, while others write."""

import threading

import pytest

from tests.console.user import User


def test_a_table_with_numbers_to_the_right(prepared: User) -> None:
    result = prepared.run(
        "sql",
        "SELECT connection, currency, sum(amount) AS total FROM transactions "
        "WHERE payout_id IS NULL GROUP BY ALL ORDER BY ALL",
    )
    assert (result.code, result.err) == (0, "")
    assert result.lines == [
        "connection  currency      total",
        "attic       USD         32.7500",
        "crafts      USD         28.5000",
        "mugs        USD       4926.0000",
    ]


def test_the_document_that_others_build_on(prepared: User) -> None:
    result = prepared(
        "sql",
        "SELECT business_date, amount, row, NULL AS nothing FROM transactions "
        "WHERE connection = 'mugs' ORDER BY ALL DESC LIMIT 1",
        "--json",
    )
    assert (result.code, result.err) == (0, "")
    (row,) = result.json["rows"]
    assert result.json == {"columns": ["business_date", "amount", "row", "nothing"], "rows": [row]}
    assert (row["business_date"], row["amount"]) == ("2026-04-08", "-2463.0000")
    assert isinstance(row["row"], int)
    assert row["nothing"] is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM nowhere", "nowhere does not exist"),
        ("SELECT 1; SELECT 2", "one statement at a time: this is 2"),
        ("", "one statement at a time: this is 0"),
        ("DELETE FROM transactions", "read-only"),
        ("CREATE TABLE mine (x INT)", "read-only"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("COPY transactions TO '/tmp/daybook-stolen.csv'", "disabled"),
        ("ATTACH '/tmp/daybook-stolen.db'", "disabled"),
        ("SET enable_external_access = true", "configuration"),
    ],
)
def test_a_refusal_is_one_line(prepared: User, query: str, message: str) -> None:
    result = prepared("sql", query)
    assert (result.code, result.out) == (2, "")
    assert message in result.complaint


def test_before_the_first_sync(user: User) -> None:
    result = user("sql", "SELECT 1")
    assert result.code == 2
    assert result.complaint == "the warehouse has not been built yet: run `daybook sync`"


def test_it_answers_while_a_publish_holds_the_writer(synced: User) -> None:
    (synced.lake / "journal_lines" / "mugs" / "2026-03-03.parquet").unlink()
    question = ("sql", "SELECT count(*) AS n FROM transactions", "--json")
    count = synced(*question).json["rows"]
    with synced.start("sync") as process:
        ended = threading.Thread(target=process.communicate)
        ended.start()
        answers = []
        while process.poll() is None:
            answers.append(synced(*question))
        ended.join()
    assert process.returncode == 0
    assert len(answers) > 2
    assert {(a.code, str(a.json["rows"])) for a in answers} == {(0, str(count))}
