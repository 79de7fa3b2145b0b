"""Attacks of others: a file of Python, and entry points of installed packages."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from macsec.attacks import Attack, Setting, own, run
from macsec.attacks.wiretap import ATTACKS
from macsec.errors import ConfigError

MINE = """
from macsec.attacks import Attack, Scene
from macsec.secy import Verdict

class Twice(Attack):
    name = "twice"
    does = "sends a recorded frame twice"
    needs = "to listen, and to put frames on the wire"
    clause = "10.6.5"
    why = "the PN is below lowestPN"

    def act(self, scene: Scene) -> None:
        a, b = scene.sender(), scene.receiver(window=0)
        frames = scene.send(a, scene.clear(1))
        scene.deliver(b, frames, Verdict.OK)
        scene.deliver(b, frames, Verdict.LATE)

class Thrice(Twice):
    name = "thrice"
"""


@pytest.fixture
def file(tmp_path):
    """Return a function: the name of a file of Python with a text."""

    def written(text, name="mine.py"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return written


def test_attacks_of_a_file_run_as_built_in_ones(file):
    """All classes of the file, or the one that is named; no class that it imports."""
    path = file(MINE)
    assert [attack.name for attack in own.of_file(path)] == ["twice", "thrice"]
    (attack,) = own.of_file(f"{path}:Twice")
    finding = run(attack, Setting("gcm-aes-128", "ieee", 1))
    assert finding.passed
    assert (finding.frames, finding.delivered) == (2, 1)


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("import nothing_of_this_name", ":1: ModuleNotFoundError"),
        ("x = 1\ny = (", ":2: SyntaxError"),
        ("x = 1\n1 / 0\n", ":2: ZeroDivisionError"),
        ("x = 1", "no class of macsec.attacks.Attack"),
        (MINE.replace("why =", "because ="), "Twice has no why"),
        ("import sys\nsys.exit(0)\n", ":2: SystemExit: 0"),
        (MINE + "\n    def __init__(self):\n        exit(0)\n", ": SystemExit: 0"),
    ],
)
def test_a_wrong_file_is_one_line_with_its_place(file, text, wanted):
    """The caller's mistake, and no traceback."""
    with pytest.raises(ConfigError) as caught:
        own.of_file(file(text))
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ("raise RuntimeError('of mine')", "RuntimeError: of mine"),
        ("exit(0)", "SystemExit: 0"),
        ("scene.no_such_method()", "AttributeError: 'Scene'"),
    ],
)
def test_what_the_steps_of_a_file_raise_is_the_mistake_of_the_caller(file, step, wanted):
    """With its line: no internal error, and no exit code that says success."""
    text = MINE[: MINE.index("def act")] + f"def act(self, scene: Scene) -> None:\n        {step}\n"
    (attack,) = own.of_file(file(text))
    with pytest.raises(ConfigError, match=r"mine\.py:\d+: ") as caught:
        run(attack, Setting("gcm-aes-128", "ieee", 1))
    assert wanted in str(caught.value)


def test_an_attack_without_a_frame_does_not_pass(file):
    """Nothing was expected, and nothing was observed."""
    text = MINE[: MINE.index("def act")] + "def act(self, scene: Scene) -> None:\n        pass\n"
    (attack,) = own.of_file(file(text))
    finding = run(attack, Setting("gcm-aes-128", "ieee", 1))
    assert not finding.passed
    assert "nothing was tested" in finding.faults[0]


def test_names_of_files_and_classes(file):
    """FILE.py and FILE.py:CLASS mean files; an unknown class is refused with the known ones."""
    assert [own.is_file(name) for name in ("a.py", "a/b.py:C", "replay", "a.py:", "C")] == [
        *(True, True, False, False, False)
    ]
    with pytest.raises(ConfigError, match="no attack Four; it has Twice, Thrice"):
        own.of_file(file(MINE) + ":Four")
    with pytest.raises(ConfigError, match="no such file"):
        own.of_file("no/such.py")


def test_entry_points_name_a_class_or_an_object():
    """Anything else is refused by its name."""
    kind = type(ATTACKS[0])
    for value in (f"{kind.__module__}:{kind.__name__}", f"{kind.__module__}:ATTACKS"):
        point = EntryPoint("mine", value, own.GROUP)
        if value.endswith("ATTACKS"):
            with pytest.raises(ConfigError, match="entry point mine"):
                own.of_entry_point(point)
        else:
            assert isinstance(own.of_entry_point(point), Attack)
    assert own.installed() == {}
