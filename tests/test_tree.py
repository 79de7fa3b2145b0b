"""The shape of the tree: imports follow the edges (D-29), tests mirror the packages.

Every decision that the code cites exists in macsec/DECISIONS.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE, TESTS = ROOT / "macsec", ROOT / "tests"

EVERYONES = {
    "terms",
    "clear_rules",
    "errors",
    "keys",
    "suites",
    "native",
    "enumerations",
    "time_units",
    "trust",
    "extras",
    "whole_file",
    "notebooks",
}
"""Modules that every package may import."""

EDGES: dict[str, set[str]] = {
    "advice": {"config", "frames", "kay", "secy"},
    "attacks": {"frames", "secy"},
    "captures": {"frames"},
    "cli": {
        "advice",
        "attacks",
        "captures",
        "classroom",
        "config",
        "conformance",
        "corpus",
        "custody",
        "frames",
        "gnmi",
        "guide",
        "kay",
        "lab",
        "live",
        "macsec",
        "measure",
        "monitoring",
        "offline",
        "otg",
        "port",
        "privacy",
        "report",
        "secy",
        "wire",
    },
    "classroom": {"frames", "guide", "secy"},
    "config": set(),
    "conformance": {"config", "frames", "kay", "lab", "port", "secy", "wire"},
    "corpus": {
        "captures",
        "config",
        "conformance",
        "frames",
        "kay",
        "macsec",
        "offline",
        "report",
        "secy",
    },
    "custody": set(),
    "frames": set(),
    "gnmi": {"monitoring"},
    "guide": set(),
    "kay": {"config", "frames"},
    "lab": {"captures", "config", "frames", "kay", "live", "port", "secy", "wire"},
    "live": {"port", "secy", "wire"},
    "measure": {"frames", "live", "macsec", "secy"},
    "monitoring": {"kay", "live", "macsec", "secy"},
    "offline": {"captures", "config", "frames", "kay", "secy"},
    "otg": {"captures", "config", "frames", "kay", "lab", "port", "secy", "wire"},
    "port": {"kay", "secy"},
    "privacy": {"frames"},
    "report": {
        "advice",
        "attacks",
        "config",
        "conformance",
        "frames",
        "kay",
        "lab",
        "measure",
        "monitoring",
        "offline",
        "privacy",
        "secy",
        "wire",
    },
    "scapy": {"frames", "secy"},
    "secy": {"config", "frames"},
    "testing": {"config", "frames", "kay", "lab", "secy", "wire"},
    "wire": {"frames"},
}
"""The walls: which package imports which. Another arrow needs its row here, and its reason in
macsec/DECISIONS.md (D-31)."""

FOUNDATION: dict[str, set[str]] = {
    "terms": set(),
    "clear_rules": {"enumerations", "terms"},
    "errors": set(),
    "keys": {"errors", "native"},
    "suites": {"terms"},
    "native": {"errors"},
    "enumerations": set(),
    "time_units": set(),
    "extras": {"errors"},
    "whole_file": {"errors"},
    "notebooks": set(),
    "trust": {"errors"},
}
"""The modules that everyone may import, and what they import themselves."""

FACADE = "macsec"
"""`from macsec import SecY`: the front of the package, which gathers names of frames and secy."""

MIRRORED_BY = {"report": "cli"}
"""A package whose tests are in another's folder: reports are tested through the verbs."""

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
    known = below.is_dir() or below.with_suffix(".py").exists()
    return parts[1] if known else FACADE


def arrows() -> dict[tuple[str, str], list[str]]:
    """Every import that leaves its package: from where, to where, and the lines that do it."""
    found: dict[tuple[str, str], list[str]] = {}
    for module, path in MODULES.items():
        own = part_of(module)
        if own in (FACADE, "__main__"):
            continue
        for target, line in targets(module, path):
            other = part_of(target)
            if other != own and not (own in EDGES and other in EVERYONES):
                found.setdefault((own, other), []).append(f"{module}:{line} imports {target}")
    return found


def test_every_part_has_a_place_among_the_walls() -> None:
    """A new package or module gets a row in the table above."""
    parts = {part_of(module) for module in MODULES} - {FACADE, "__main__"}
    assert parts == set(EDGES) | set(FOUNDATION)


def test_imports_follow_the_edges() -> None:
    """No package imports another unless the list of edges has that arrow."""
    allowed = EDGES | FOUNDATION
    missing = [
        f"edge missing: {own} -> {other} ({lines[0]})"
        for (own, other), lines in arrows().items()
        if other not in allowed[own]
    ]
    assert missing == []


def test_every_edge_is_used() -> None:
    """The list of edges holds no arrow that no import needs."""
    used = set(arrows())
    idle = [
        f"{own} -> {other}" for own in EDGES for other in EDGES[own] if (own, other) not in used
    ]
    assert idle == []


def circles(edges: dict[str, set[str]]) -> list[str]:
    """Return the nodes on a circle or between two circles, which no order can place."""
    left = {node: set(others) for node, others in edges.items()}
    while True:
        reached = set().union(*left.values()) & left.keys()
        outer = {node for node, others in left.items() if not others & left.keys()}
        outer |= left.keys() - reached
        if not outer:
            return sorted(left)
        for node in outer:
            del left[node]


def test_packages_have_an_order() -> None:
    """The edges between packages make no circle."""
    assert circles(EDGES) == []


def test_modules_have_an_order() -> None:
    """No circle runs through modules, those imported late included."""
    edges: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        found = {
            target if target in MODULES else target.rpartition(".")[0]
            for target, _ in targets(module, path)
        }
        edges[module] = (found & MODULES.keys()) - {module, FACADE}
    assert circles(edges) == []


def test_the_walk_finds_imports() -> None:
    """The walk above sees plain, relative and late imports: it is not blind."""
    found = {target for target, _ in targets("macsec.secy.lmi", MODULES["macsec.secy.lmi"])}
    assert {"macsec.frames.FrameBatch", "macsec.secy.from_config.install"} <= found
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
    """Return whether a definition is an overload, or a setter beside its getter."""
    marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
    return bool(marks & {"overload", "setter", "override"})


def test_everything_public_says_what_it_is() -> None:
    """Every module, public class, function and method has a docstring."""
    trees = {module: tree_of(path) for module, path in MODULES.items()}
    assert [module for module, tree in trees.items() if not ast.get_docstring(tree)] == []
    silent = [
        f"{module}: {name}"
        for module, tree in trees.items()
        for name, node in public_definitions(tree)
        if not ast.get_docstring(node)  # type: ignore[arg-type]
    ]
    assert silent == []


def test_public_class_names_are_unique() -> None:
    """No two public classes of the package share a name."""
    homes: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(f"{module}:{node.lineno}")
    assert len(homes) > 300
    assert {name: lines for name, lines in homes.items() if len(lines) > 1} == {}


PACKAGES = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))


LISTED = re.compile(r"^([a-z_]+(?:\.py|/))", re.M)


def contents(folder: Path) -> list[str]:
    """Return the public modules of a folder, and its sub-folders that hold more than data."""
    modules = [path.name for path in folder.glob("*.py") if not path.name.startswith("_")]
    return modules + [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")]


def test_package_docstring_lists_its_modules_and_folders() -> None:
    """The docstring of a package is the map of its folder: every module, and none that is gone."""
    texts = {path: ast.get_docstring(tree_of(path / "__init__.py")) or "" for path in PACKAGES}
    gone = [
        f"{folder}: {name}"
        for folder, text in texts.items()
        for name in LISTED.findall(text)
        if not (folder / name).exists()
    ]
    assert gone == []
    missing = [
        f"{folder}: {name}"
        for folder, text in texts.items()
        for name in contents(folder)
        if not re.search(rf"(?<![\w/]){re.escape(name)}", text)
    ]
    assert missing == []


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
    """Return whether a definition can fail: by an assert, or by raises, warns or fail of pytest."""
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
    calls = [(node.name, called(node)) for node in functions]
    while True:
        more = {name for name, others in calls if others & names} - names
        if not more:
            return frozenset(names)
        names |= more


def test_no_test_without_an_assertion() -> None:
    """Every test can fail: it asserts, or calls a helper that does."""
    idle = [
        f"{path.relative_to(TESTS)}: {node.name}"
        for path in TEST_FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not asserts(node)
        and not called(node) & asserting()
    ]
    assert idle == []


LEAST_WORDS = 3


def test_names_of_tests_say_their_rule() -> None:
    """The name of a test has at least three words after `test_`."""
    short = [
        f"{path.relative_to(TESTS)}: {node.name}"
        for path in TEST_FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test")
        and len(node.name.removeprefix("test").strip("_").split("_")) < LEAST_WORDS
    ]
    assert short == []


# ---------------------------------------------------------------- outputs

WRITES_IN_PLACE = {
    "macsec.cli.extcap.controls": "the pipes of Wireshark's toolbar",
    "macsec.cli.extcap.verb": "the pipe that Wireshark reads frames from",
    "macsec.live.local.lab_state": "the lock of a lab that is up: it has no contents",
    "macsec.cli.shared.edge": "the null device, after the reader of a pipe has gone",
    "macsec.cli.lab.up": "the null device, for a child; and a pipe to its parent",
    "macsec.custody.folder": "records through the descriptor of a locked folder, by its own System",
    "macsec.kay.holders.audit": "a log that only grows",
    "macsec.live.devices": "/dev/net/tun",
    "macsec.cli.shared.ports.event_log": "a log that only grows",
    "macsec.custody.in_use": "the files of locks, which name the process that holds them",
    "macsec.live.namespace": "a setting of the kernel in /proc",
    "macsec.live.aio.running": "events and messages of a process, as it writes them",
    "macsec.whole_file": "the one writer of files",
}
"""Modules that open something for writing themselves, and the reason. All others use whole_file."""

WRITERS = {"write_text", "write_bytes", "tofile", "savetxt", "mkstemp", "NamedTemporaryFile"}
WRITING_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TMPFILE"}


def mode_of(call: ast.Call) -> str:
    """Return the mode of a call of open or fdopen, as source; "r" where none is given."""
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) not in ("os", "io"):
        given = call.args[:1]  # Path(...).open(mode)
    else:
        given = call.args[1:2]
    named = [word.value for word in call.keywords if word.arg == "mode"]
    return ast.unparse((given + named or [ast.Constant("r")])[0])


def opens_to_write(node: ast.AST) -> bool:
    """Return whether a node opens a file for writing, or has a flag that does."""
    if isinstance(node, ast.Attribute):
        return node.attr in WRITING_FLAGS
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    last = name.rpartition(".")[2]
    if last in WRITERS or name in ("os.rename", "os.replace", "np.save"):
        return True
    return last in ("open", "fdopen") and re.search(r"'[rbt]*[wax+]", mode_of(node)) is not None


def test_files_are_written_in_one_place() -> None:
    """No module opens a file for writing but `whole_file`, and those with a reason."""
    found = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(tree_of(path))
        if opens_to_write(node)
    }
    assert found == set(WRITES_IN_PLACE)


@pytest.mark.parametrize(
    "source",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "Path(path).open('x')",
        "Path(path).write_text(text)",
        "os.open(path, os.O_WRONLY | os.O_CREAT)",
        "os.fdopen(number, 'wb')",
        "open(path, 'a' if make else 'r')",
    ],
)
def test_each_way_to_write_is_seen(source: str) -> None:
    """The search above knows the ways in which a file can be written."""
    assert any(opens_to_write(node) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("source", ["open(path)", "open(path, 'rb')", "os.open(path, os.O_RDONLY)"])
def test_reading_is_no_writing(source: str) -> None:
    """A file that is opened to be read is not reported."""
    assert not any(opens_to_write(node) for node in ast.walk(ast.parse(source)))


# ---------------------------------------------------------------- decisions

DECISION = re.compile(r"D-[0-9]{2}\b")
CITING = [*PACKAGE.rglob("*.py"), *(ROOT / "_native").rglob("*.[ch]"), PACKAGE / "ARCHITECTURE.md"]


def test_cited_decisions_exist() -> None:
    """Every D-nn in the code and in ARCHITECTURE.md is an entry of DECISIONS.md."""
    entries = re.findall(r"^### (D-[0-9]{2}) ", (PACKAGE / "DECISIONS.md").read_text(), re.M)
    cited = {number for path in CITING for number in DECISION.findall(path.read_text())}
    assert cited
    assert cited <= set(entries)


def test_decisions_are_numbered_in_order() -> None:
    """The entries of DECISIONS.md are in the order of their numbers, each once."""
    entries = re.findall(r"^### (D-[0-9]{2}) ", (PACKAGE / "DECISIONS.md").read_text(), re.M)
    assert entries == sorted(set(entries))
    assert entries[0] == "D-01"


PATH_NAMED = re.compile(r"`((?:[a-z_]+/)+(?:[a-z0-9_]+\.[a-z]+)?|[a-z_]+\.(?:py|c|h))`")


def test_paths_in_architecture_exist() -> None:
    """Every file and folder that ARCHITECTURE.md names exists, below the package or the root."""
    named = PATH_NAMED.findall((PACKAGE / "ARCHITECTURE.md").read_text())
    found = [name for name in named if (PACKAGE / name).exists() or (ROOT / name).exists()]
    assert len(found) > 60
    assert [name for name in named if name not in found] == []
