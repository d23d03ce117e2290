"""The channels' SQL, composed of files by name.

A file whose header says `-- from: scope, sold` selects from the files `scope.sql` and `sold.sql`,
which become CTEs of these names before it, after what they select from themselves. A channel's own
file overrides a shared one of the same name.
"""

import re
from functools import cache
from importlib.resources import files

_INPUTS = re.compile(r"^-- from: (.+)$", re.MULTILINE)
_COMMENTS = re.compile(r"\A(?:--.*\n)*")


@cache
def sql(channel: str, name: str) -> str:
    """Return the query `<channel>/<name>.sql`, or the shared `<name>.sql`, with its inputs."""
    inputs: dict[str, str] = {}
    _collect(channel, name, inputs)
    main = inputs.pop(name)
    if not inputs:
        return main
    ctes = ",\n\n".join(f"{each} AS (\n{text})" for each, text in inputs.items())
    # DuckDB takes one WITH per SELECT, so a query with CTEs of its own is nested.
    if _COMMENTS.sub("", main).startswith("WITH "):
        main = f"SELECT * FROM (\n{main})\n"
    return f"WITH {ctes}\n\n{main}"


def _collect(channel: str, name: str, collected: dict[str, str]) -> None:
    """Add a file after everything that it selects from, each once."""
    text = _text(channel, name)
    for listed in _INPUTS.findall(text):
        for each in listed.split(", "):
            if each not in collected:
                _collect(channel, each, collected)
    collected[name] = text


def _text(channel: str, name: str) -> str:
    folder = files(__package__)
    # A channel's own file overrides the shared one, so a difference is a file that reviewers can
    # see.
    own = folder.joinpath(channel, f"{name}.sql")
    return (own if own.is_file() else folder.joinpath(f"{name}.sql")).read_text()
