"""The house's words: names and docstrings that every module keeps to."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("mappings", "connectors", "pipelines", "console", "sandbox")
# Tests repeat class names and begin like questions; their locals are held to the same words.
NAMED_ROOMS = (*ROOMS, "tests")

# Named for a role in a search, or by a participle: what the value is stays unsaid.
VAGUE = frozenset(
    {"found", "said", "wanted", "given", "asked", "kept", "known", "told", "done", "it"}
)
# Nouns that end like a participle.
NOUNS = frozenset({"accounting", "mapping"})
QUESTION = re.compile(r"(?:whether|what|how|where|which|when|why|who|the way)\b", re.IGNORECASE)
NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar

Tree = tuple[str, ast.Module]


def _trees_of(rooms: Iterable[str]) -> Iterator[Tree]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


@pytest.fixture(scope="module")
def trees() -> list[Tree]:
    return list(_trees_of(ROOMS))


def names_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield assigned names, parameters and functions; those of comprehensions are free.

    A field of a class is free as well: `done` is a state of days.
    """
    free: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.comprehension):
            free.update(ast.walk(node.target))
        if isinstance(node, ast.ClassDef):
            free.update(field.target for field in node.body if isinstance(field, ast.AnnAssign))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in free:
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, NAMED) and node.name:
            yield node.name, node.lineno


def test_no_name_is_vague() -> None:
    vague = [
        f"{module}:{line}: {name}"
        for module, tree in _trees_of(NAMED_ROOMS)
        for name, line in names_in(tree)
        if name in VAGUE
    ]
    assert vague == []


def test_a_class_name_occurs_once(trees: list[Tree]) -> None:
    modules = defaultdict(list)
    for module, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                modules[node.name].append(module)
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}


def test_no_module_is_named_by_a_present_participle(trees: list[Tree]) -> None:
    parts = {part for module, _ in trees for part in module.removesuffix(".py").split("/")}
    assert {part for part in parts if part.endswith("ing")} <= NOUNS


def test_no_docstring_begins_like_a_question(trees: list[Tree]) -> None:
    questions = [
        f"{module}: {docstring.splitlines()[0]}"
        for module, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and (docstring := ast.get_docstring(node))
        and QUESTION.match(docstring)
    ]
    assert questions == []
