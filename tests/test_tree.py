"""The shape of the tree: imports go downwards, everything says what it is, tests mirror it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE, TESTS = ROOT / "macsec", ROOT / "tests"

# A module may import from the rows below its own, never from its own row or above.
LAYERS: list[set[str]] = [
    {"__main__"},
    {"cli"},
    {"report"},
    {"measure"},
    {"sim", "conformance"},
    {"secy", "kay", "custody"},
    {"config", "captures"},
    {"keys", "suites", "sectag", "frames"},
    {"terms", "errors", "_native"},
]
CAPTURES_KNOW = {"frames", "errors", "terms", "_native"}
FACADE = "macsec"
"""`from macsec import SecY`: the package's front, for what stands above secy."""

MIRRORED_BY = {"report": "cli"}
"""A package whose tests stand in another's folder: what a report says is seen at the verbs."""

WITHOUT_TESTS_OF_THEIR_OWN = {"__init__", "__main__", "errors"}


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TEST_FILES = sorted(TESTS.rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(path.read_text())


def targets(module: str, path: Path) -> Iterator[tuple[str, int]]:
    """Every module of the package that a file imports, wherever in it, with the line."""
    base = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                parts = base.split(".")[: len(base.split(".")) - node.level + 1]
                source = ".".join([*parts, source] if source else parts)
            found = [f"{source}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((name, node.lineno) for name in found if name.split(".")[0] == "macsec")


def part_of(name: str) -> str:
    """The package or module right below `macsec` that a dotted name belongs to."""
    parts = name.split(".")
    if len(parts) < 2:
        return FACADE
    below = PACKAGE / parts[1]
    known = below.is_dir() or below.with_suffix(".py").exists() or parts[1] == "_native"
    return parts[1] if known else FACADE


def level(part: str) -> int:
    """The row of a part; the front stands where secy stands."""
    wanted = "secy" if part == FACADE else part
    return next(row for row, parts in enumerate(LAYERS) if wanted in parts)


def test_every_part_has_a_layer() -> None:
    """A new package or module is given its place in the table above."""
    parts = {part_of(module) for module in MODULES} - {FACADE}
    assert parts <= set().union(*LAYERS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module: str) -> None:
    """No module imports from its own row of another package, or from above."""
    own = part_of(module)
    if own == FACADE:  # the front gathers names; it is not part of the order
        assert module == FACADE
        return
    for target, line in targets(module, MODULES[module]):
        other = part_of(target)
        if other != own:
            assert level(other) > level(own), f"{module}:{line} imports {target}"


def test_captures_know_only_frames() -> None:
    """The capture formats serve every tool: they know frames, errors and terms, no MACsec."""
    known = {
        part_of(target)
        for module, path in MODULES.items()
        if part_of(module) == "captures"
        for target, _ in targets(module, path)
    }
    assert known - {"captures"} <= CAPTURES_KNOW
    assert "frames" in known


def test_key_agreement_and_secy_do_not_meet() -> None:
    """The KaY asks for things as data: neither side imports the other."""
    for module, path in MODULES.items():
        own = part_of(module)
        others = {part_of(target) for target, _ in targets(module, path)}
        assert not (own == "kay" and others & {"secy", FACADE}), module
        assert not (own == "secy" and "kay" in others), module


def test_the_walk_finds_imports() -> None:
    """The walk above sees plain, relative and late imports: it is not blind."""
    found = {target for target, _ in targets("macsec.secy.lmi", MODULES["macsec.secy.lmi"])}
    assert {"macsec.frames.FrameBatch", "macsec.secy.assemble.assemble"} <= found
    reader = "macsec.captures.reader"
    inside = {target for target, _ in targets(reader, MODULES[reader])}
    assert any(target.startswith("macsec.captures.") for target in inside)


# ---------------------------------------------------------------- docstrings


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Public functions and classes of a module, and public methods of those classes."""
    stack: list[tuple[str, ast.AST]] = [("", node) for node in tree.body]
    while stack:
        prefix, node = stack.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_") or is_overload(node):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            stack += [(f"{prefix}{node.name}.", child) for child in node.body]


def is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a definition is one more signature of another, or a setter beside its getter."""
    marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
    return bool(marks & {"overload", "setter", "override"})


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_says_what_it_is(module: str) -> None:
    """Every module, public class, function and method has a docstring."""
    tree = tree_of(MODULES[module])
    assert ast.get_docstring(tree), f"{module} has no docstring"
    silent = [
        name
        for name, node in public_definitions(tree)
        if not ast.get_docstring(node)  # type: ignore[arg-type]
    ]
    assert silent == []


# ---------------------------------------------------------------- tests


@pytest.mark.parametrize("package", sorted({path.parent.name for path in PACKAGE.glob("*/*.py")}))
def test_packages_have_tests(package: str) -> None:
    """Each package has a folder of tests that bears its name, or tests elsewhere that import it."""
    folder = TESTS / MIRRORED_BY.get(package, package)
    imported = [path for path in TEST_FILES if f"macsec.{package}" in path.read_text()]
    assert [*folder.glob("test_*.py"), *imported], f"no test of macsec/{package}"


@pytest.mark.parametrize("module", sorted(path.stem for path in PACKAGE.glob("*.py")))
def test_modules_have_tests(module: str) -> None:
    """Each module at the top has a test file of its name."""
    named = (TESTS / f"test_{module}.py").exists()
    assert named or module in WITHOUT_TESTS_OF_THEIR_OWN


def called(node: ast.AST) -> set[str]:
    """Last names of everything that is called inside a definition."""
    names = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            names.add(ast.unparse(part.func).rpartition(".")[2])
    return names


def asserts(node: ast.AST) -> bool:
    """Whether a definition itself can fail: an assert, or pytest's raises, warns and fail."""
    can_fail = {"raises", "warns", "fail", "deprecated_call"}
    return bool(called(node) & can_fail) or any(isinstance(n, ast.Assert) for n in ast.walk(node))


@cache
def asserting() -> frozenset[str]:
    """Names of all functions in the tests that assert, themselves or through another."""
    functions = [
        node
        for path in TEST_FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef)
    ]
    names = {node.name for node in functions if asserts(node)}
    while True:
        more = {node.name for node in functions if called(node) & names} - names
        if not more:
            return frozenset(names)
        names |= more


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_without_an_assertion(path: Path) -> None:
    """Every test can fail: it asserts, or calls a helper that does."""
    idle = [
        node.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not asserts(node)
        and not called(node) & asserting()
    ]
    assert idle == []
