"""What `docs/log-entries.md` says of every type of entry, and which types the code writes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from django.conf import settings

from approvals.domain import recording
from approvals.models import CaseEvent
from contracts.domain import matters
from ratings.models import DeductionEvent

PAGE = Path(settings.BASE_DIR) / "docs" / "log-entries.md"
ROOMS = ("accounts", "ledger", "notifications", "approvals", "market", "bidding", "contracts", "ratings", "oversight", "exchange",
         "portal")  # fmt: skip
SEALED = "sealed"
FROM_TABLES = {
    ("approvals/domain/recording.py", "_log"): {recording.log_type(CaseEvent(kind=kind)) for kind in CaseEvent.Kind},
    ("contracts/domain/matters.py", "_follow"): {kind.value for kind in matters.BEGINS.values()},
    ("contracts/domain/matters.py", "finish_matter"): {kind.value for kind in matters.ENDS.values()},
    ("ratings/domain/deductions.py", "_write"): {kind.value for kind in DeductionEvent.Kind},
}
"""What stands in the place of a variable that is neither a parameter nor a constant, by file and function."""
_ROW = re.compile(r"\| `([a-z_.]+)` \| .+? \| (.+) \|")
_NAME = re.compile(r"`([a-z0-9_]+)`")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def documented() -> dict[str, set[str]]:
    """The types on the page, each with the names that its row and the text of its section give to members of `data`."""
    found: dict[str, set[str]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        rows = [match for line in section.splitlines() if (match := _ROW.fullmatch(line))]
        text = "\n".join(line for line in section.splitlines() if not line.startswith("|"))
        for row in rows:
            assert row[1] not in found, f"{row[1]} stands on the page twice"
            found[row[1]] = {*_NAME.findall(row[2]), *_NAME.findall(text)}
    return found


def written() -> set[str]:
    """The types of all calls of `ledger.append` and `ledger.written` in the rooms; the demo city writes no others."""
    files = [
        path
        for room in ROOMS
        for path in sorted((Path(settings.BASE_DIR) / room).rglob("*.py"))
        if "seed" not in path.parts
    ]
    trees = {str(path.relative_to(settings.BASE_DIR)): ast.parse(path.read_text(encoding="utf-8")) for path in files}
    return {SEALED, *(type for path, tree in trees.items() for type in _types_of(path, tree, trees))}


def _types_of(path: str, tree: ast.Module, trees: dict[str, ast.Module]) -> Iterator[str]:
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        for call in (*_calls(function, "append", of="ledger"), *_calls(function, "written", of="ledger")):
            first = call.args[0]
            if isinstance(first, ast.JoinedStr):
                prefix, hole = first.values
                assert isinstance(prefix, ast.Constant) and isinstance(hole, ast.FormattedValue)
                ends = FROM_TABLES.get((path, function.name)) or _values(path, function, hole.value, trees)
                yield from (str(prefix.value) + end for end in ends)
            else:
                yield from _values(path, function, first, trees)


def _values(path: str, function: Function, value: ast.expr, trees: dict[str, ast.Module]) -> set[str]:
    """What an expression may be: itself, a constant of the module, or what callers hand in."""
    if isinstance(value, ast.Constant):
        return {str(value.value)}
    if isinstance(value, ast.IfExp):
        return _values(path, function, value.body, trees) | _values(path, function, value.orelse, trees)
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name | ast.Attribute):
        return {value.attr.lower()}  # a member of an enumeration, which is called as it is written
    if not isinstance(value, ast.Name):
        assert (path, function.name) in FROM_TABLES, f"{path}: put what {function.name} may write into FROM_TABLES"
        return FROM_TABLES[path, function.name]
    parameters = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if value.id not in parameters:
        return {getattr(import_module(path.removesuffix(".py").replace("/", ".")), value.id)}
    place = parameters.index(value.id)
    room = path.partition("/")[0]
    near = {path: trees[path]} if function.name.startswith("_") else {
        name: tree for name, tree in trees.items() if name.startswith(f"{room}/")
    }  # fmt: skip
    return {
        each
        for name, tree in near.items()
        for caller in (node for node in ast.walk(tree) if isinstance(node, Function))
        for call in _calls(caller, function.name)
        for each in _values(name, caller, call.args[place], trees)
    }


def _calls(within: ast.AST, name: str, *, of: str | None = None) -> Iterable[ast.Call]:
    for node in ast.walk(within):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if of is None and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node
        if isinstance(node.func, ast.Attribute) and node.func.attr == name:
            owner = node.func.value
            if of is not None and isinstance(owner, ast.Name) and owner.id == of:
                yield node
