"""The validation of a mapping: as fast for a large one as its size allows."""

from tests.benchmarks.validation import chart_of, document, fastest, validated


def test_ten_times_the_overrides_take_about_ten_times_as_long() -> None:
    accounts = chart_of(2_500)
    small, large = document(40), document(400)
    assert validated(small, accounts) == []
    # Processors are shared, so there is room; a loop over pairs would take a hundred times as long.
    assert fastest(lambda: validated(large, accounts)) <= 40 * fastest(
        lambda: validated(small, accounts)
    )


def test_what_a_large_mapping_names_wrongly_is_named_by_its_field() -> None:
    problems = validated(document(400), chart_of(1_399))
    assert problems == ["overrides.399.account: the organisation has no account 2399"]
