"""`daybook connections notify`: the queue of an account's notifications, given from a terminal."""

import json
from pathlib import Path

from sandbox.amazon import Amazon
from sandbox.etsy import Etsy
from sandbox.server import bound, serving
from sandbox.sqs import ARN, URL
from tests.console.user import Told, User


def test_a_queue_is_given_shown_and_forgotten(user: User, tmp_path: Path) -> None:
    amazon, hosts, typed = Amazon(), tmp_path / "endpoints.json", tmp_path / "typed.json"
    credentials = amazon.notifications.fields(queue_arn=ARN)

    def notify_told(*words: object, **written: str) -> Told:
        typed.write_text(json.dumps(written))
        answer = user("connections", *words, DAYBOOK_ENDPOINTS=str(hosts))
        assert amazon.notifications.sqs.secret not in answer.out + answer.err
        return answer

    with serving(amazon.application, bound()) as url:
        hosts.write_text(json.dumps({"amazon": amazon.endpoints(url)}))
        first = amazon.first
        fields = amazon.fields() | amazon.chosen(first) | amazon.keys(first)
        added = notify_told("add", "amazon", "--name", "Ember", "--credentials", typed, **fields)
        assert added.code == 0, added
        assert notify_told("notify", "ember").lines == ["ember: no queue"]

        wrong = notify_told(
            "notify", "ember", "--queue", typed, **credentials | {"secret_access_key": "wrong"}
        )
        assert (wrong.code, wrong.out) == (3, "")
        assert wrong.complaint.startswith("Amazon SQS: the access key is not accepted")
        assert notify_told("notify", "ember", "--queue", typed, "--off").code == 2

        result = notify_told("notify", "ember", "--queue", typed, **credentials)
        assert (result.code, result.lines) == (
            0,
            [
                f"ember: {URL}",
                "the queue answers: 0 messages wait",
                "Amazon sends REPORT_PROCESSING_FINISHED and TRANSACTION_UPDATE",
            ],
        )
        shown = {name: value for name, value in credentials.items() if name != "secret_access_key"}
        assert notify_told("notify", "ember", "--json").json == {
            "connection": "ember",
            "queue": shown,
            "proof": None,
        }
        assert notify_told("show", "ember", "--json").json["notifications"] is True
        assert notify_told("notify", "ember", "--off").lines == ["ember hears no notifications"]
        assert notify_told("show", "ember", "--json").json["notifications"] is False


def test_webhooks_are_shown_and_their_secret_is_made(user: User, tmp_path: Path) -> None:
    etsy, hosts, typed = Etsy(), tmp_path / "endpoints.json", tmp_path / "typed.json"
    with serving(etsy.application, bound()) as url:
        hosts.write_text(json.dumps({"etsy": etsy.endpoints(url)}))
        typed.write_text(json.dumps(etsy.fields() | etsy.keys(etsy.first)))
        where = {"DAYBOOK_ENDPOINTS": str(hosts), "DAYBOOK_PUBLIC_URL": "https://books.example"}
        added = user(
            *("connections", "add", "etsy", "--name", "Crafts", "--credentials", typed),
            *("--timezone", "Europe/London"),
            **where,
        )
        assert added.code == 0, added
        by_hand = "the webhook portal of Etsy's developers, for commercial apps"
        shown = user("connections", "webhooks", "crafts", **where)
        assert shown.lines == [
            "crafts: https://books.example/hooks/etsy/crafts",
            f"nothing is subscribed; by hand: {by_hand}",
        ]
        made = user("connections", "webhooks", "crafts", "--new-secret", "--json", **where).json
        assert (len(made["secret"]), made["has_secret"]) == (43, True)
        later = user("connections", "webhooks", "crafts", "--json", **where)
        assert "secret" not in later.json
        assert made["secret"] not in later.out
        for wrong in (("--subscribe",), ("--off", "--secret")):
            refused = user("connections", "webhooks", "crafts", *wrong, **where)
            assert refused.code == 2, refused
        assert user("connections", "webhooks", "crafts", "--off", **where).code == 0
