"""The facts that `doctor` found: their JSON, and a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypedDict

from rich.text import Text

from macsec.extras import EXTRAS
from macsec.report.page import Page, columns, heading, indented

YES, NO = ("yes", "green"), ("no", "yellow")
REMEDY = "install a C compiler, then: pip install --force-reinstall --no-deps macsec"


class PlaneJson(TypedDict):
    """A data plane: true if a frame survives it, or the reason why not."""

    works: bool
    why: str | None


class ChosenJson(TypedDict):
    """The data plane and kernel that are used by default."""

    backend: str | None
    kernel: str | None
    why: str | None


class KernelJson(TypedDict):
    """An AES-GCM kernel; `self_test` is null where the CPU does not support it."""

    name: str
    needs: str
    supported: bool
    self_test: bool | None


class CpuJson(TypedDict):
    """The CPU, and its flags that matter here."""

    model: str
    flags: dict[str, bool]


class PrivilegesJson(TypedDict):
    """The privileges of this process."""

    root: bool
    net_admin: bool


class FactsJson(TypedDict):
    """Facts about this machine; versions, compiler and programs are null where missing."""

    version: str
    python: str
    platform: str
    dependencies: dict[str, str | None]
    extras: dict[str, dict[str, str | None]]
    data_planes: dict[str, PlaneJson]
    chosen: ChosenJson
    kernels: list[KernelJson]
    cpu: CpuJson
    compiler: str | None
    privileges: PrivilegesJson
    tun: bool
    compression: dict[str, bool]
    programs: dict[str, str | None]


class DoctorJson(FactsJson):
    """`macsec/doctor/1`: data planes, kernels, privileges, devices and programs of this machine."""

    schema: Literal["macsec/doctor/1"]


def to_page(page: Page, facts: FactsJson) -> None:
    """Print all facts."""
    table = columns("left", "left")
    for name, value in _rows(facts):
        table.add_row(Text(name, "dim"), value)
    chosen = facts["chosen"]
    rest = f"{chosen['backend']} data plane, {chosen['kernel']} kernel"
    page.add(
        heading(f"macsec {facts['version']}", rest if chosen["backend"] else chosen["why"] or "")
    )
    page.add(Text(), *indented(table))
    if facts["kernels"]:
        page.add(*indented(_kernels(facts)))
    page.add(Text("Self-test: macsec conformance runs every vector on each kernel.", "dim"))


def _rows(facts: FactsJson) -> Iterator[tuple[str, Text]]:
    yield "Python", Text(facts["python"])
    yield "platform", Text(facts["platform"])
    dependencies = facts["dependencies"].items()
    yield (
        "dependencies",
        _wrapped(f"{name} {version or 'missing'}" for name, version in dependencies),
    )
    for name, packages in facts["extras"].items():
        yield f"extra {name}", _extra(name, packages)
    yield from _planes(facts["data_planes"])
    yield "CPU", Text(facts["cpu"]["model"])
    flags = facts["cpu"]["flags"]
    yield "CPU has", Text(" ".join(name for name in flags if flags[name]) or "none")
    yield "CPU lacks", Text(" ".join(name for name in flags if not flags[name]) or "none")
    yield "C compiler", _found(facts["compiler"])
    yield "root", Text(*(YES if facts["privileges"]["root"] else NO))
    if not facts["privileges"]["root"]:
        yield "as root", Text('sudo env "PATH=$PATH" macsec ...')
    yield "CAP_NET_ADMIN", Text(*(YES if facts["privileges"]["net_admin"] else NO))
    yield "/dev/net/tun", Text(*(YES if facts["tun"] else NO))
    for name, there in facts["compression"].items():
        yield name, Text(*(YES if there else NO))
    for name, path in facts["programs"].items():
        yield name, _found(path)


def _planes(planes: Mapping[str, PlaneJson]) -> Iterator[tuple[str, Text]]:
    native, reference = planes["native"], planes["reference"]
    yield "native plane", Text(*YES) if native["works"] else Text(f"{native['why']}", "yellow")
    if not native["works"]:
        yield "", Text(REMEDY, "yellow")
    yield (
        "reference plane",
        Text(*YES) if reference["works"] else Text(reference["why"] or "", "red"),
    )


def _extra(name: str, packages: dict[str, str | None]) -> Text:
    if not packages:
        return Text("part of Python")
    missing = [package for package, version in packages.items() if version is None]
    if missing:
        return Text(f"{', '.join(missing)} missing: {EXTRAS[name].remedy()}", "yellow")
    return _wrapped(f"{package} {version}" for package, version in packages.items())


def _wrapped(words: Iterator[str]) -> Text:
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) < 70:
            lines[-1] += f", {word}"
        else:
            lines.append(word)
    return Text(",\n".join(lines))


def _found(path: str | None) -> Text:
    return Text("not found", "yellow") if path is None else Text(path)


def _kernels(facts: FactsJson) -> Any:
    table = columns("left", "left", "left", "left", "left")
    head = ("kernel", "CPU runs it", "self-test", "chosen", "needs")
    table.add_row(*(Text(name, "dim") for name in head))
    for kernel in facts["kernels"]:
        chosen = kernel["name"] == facts["chosen"]["kernel"]
        table.add_row(
            Text(kernel["name"], "bold" if chosen else ""),
            Text(*(YES if kernel["supported"] else NO)),
            _self_test(kernel["self_test"]),
            Text("chosen" if chosen else "", "green"),
            kernel["needs"],
        )
    return table


def _self_test(passed: bool | None) -> Text:
    if passed is None:
        return Text("-")
    return Text("passed", "green") if passed else Text("FAILED", "bold red")
