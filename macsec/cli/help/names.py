"""Public names of Python: signatures with types, docstrings and members, as Markdown."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator

WIDEST = 88
"""Columns of a signature on one line."""


def public_names() -> str:
    """Return a section for each name of `macsec`, with its members."""
    import macsec  # late: it loads every face

    parts: list[str] = []
    for name in sorted(macsec.__all__, key=str.lower):
        parts += _one(f"macsec.{name}", getattr(macsec, name))
    return "\n\n".join(parts)


def _one(path: str, value: object) -> Iterator[str]:
    yield f"## {path}"
    if inspect.ismodule(value):
        names = [each for each in value.__all__ if callable(getattr(value, each))]
        yield (inspect.getdoc(value) or "").partition("\n\n")[0]
        for name in sorted(names):
            yield f"### {path}.{name}"
            yield from _member(f"{path}.{name}", getattr(value, name))
    elif inspect.isclass(value):
        yield f"```text\n{_signature(path, value)}\n```"
        yield _text(inspect.getdoc(value) or "")
        if not issubclass(value, enum.Enum | BaseException):
            for name, member in inspect.getmembers_static(value):
                if not name.startswith("_") and _own(member):
                    yield from _member(name, member)
    else:
        yield f"A mapping: {', '.join(f'`{key}`' for key in value)}."  # type: ignore[attr-defined]


def _text(docstring: str) -> str:
    """Return a docstring as Markdown: an example is a block of Python."""
    parts = docstring.split("\n\n")
    return "\n\n".join(
        f"```python\n{part}\n```" if part.startswith(">>> ") else part for part in parts
    )


def _own(member: object) -> bool:
    return callable(member) or isinstance(member, property | classmethod | staticmethod)


def _member(name: str, member: object) -> Iterator[str]:
    """Yield the signature of a member, and its docstring."""
    if isinstance(member, property):
        found = inspect.signature(member.fget).return_annotation if member.fget else ""
        head, text = f"{name}: {found}", inspect.getdoc(member)
    else:
        inner = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        head, text = _signature(name, inner), inspect.getdoc(inner)
    if text:
        yield f"```text\n{head}\n```"
        yield _text(text)


def _signature(name: str, value: object) -> str:
    """Return a name with its parameters and types."""
    try:
        found = str(inspect.signature(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return name
    found = found.replace("'", "").replace("(self, ", "(").replace("(self)", "()")
    found = found.replace("(cls, ", "(").replace("(cls)", "()")
    return name + (found if len(name + found) <= WIDEST else _broken(found))


def _broken(signature: str) -> str:
    """Return a signature with a parameter on each line."""
    depth, lines = 0, [""]
    for letter in signature:
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and letter == ")":
            lines.append("")
        lines[-1] += letter
        if depth == 1 and letter in "(,":
            lines.append("    ")
    return "\n".join("    " + _short(line.strip()) if line[:1] == " " else line for line in lines)


def _short(parameter: str) -> str:
    """Return a parameter, without the fields of a default that is long."""
    if len(parameter) <= WIDEST:
        return parameter
    head, _, default = parameter.partition(" = ")
    return f"{head} = {default.partition('(')[0]}(...),"
