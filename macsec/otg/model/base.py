"""Parts of the model: what they accept, and how a refusal names its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from macsec.errors import ConfigError
from macsec.keys import Key

Path = tuple[str | int, ...]
"""A place in a JSON document."""


class RequestRefused(ConfigError):
    """A request that cannot be done; `errors` go into the answer, each with its JSON path."""

    def __init__(self, *errors: str) -> None:
        super().__init__(errors[0], errors[1:])
        self.errors = errors


def place(path: Path) -> str:
    """Return a JSON path: `$.devices[0].name`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def refuse(path: Path, reason: str) -> RequestRefused:
    """Return the refusal of one place."""
    return RequestRefused(f"{place(path)}: {reason}")


class Part(BaseModel):
    """An object of the API: fields that are not emulated are refused, and no input is in errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        defer_build=True,
    )


class Choice(Part):
    """An object whose `choice` names the one alternative that counts.

    Without a `choice` the alternative that is there counts; another one beside it is refused.
    """

    COMMON: ClassVar[frozenset[str]] = frozenset()
    """Fields that go with every choice."""

    @model_validator(mode="before")
    @classmethod
    def _infer(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or "choice" in value:
            return value
        given = [name for name in cls._alternatives() if name in value]
        return {**value, "choice": given[0]} if len(given) == 1 else value

    @model_validator(mode="after")
    def _check_choice(self) -> Choice:
        chosen = getattr(self, "choice", None)
        others = [n for n in self._alternatives() if n in self.model_fields_set and n != chosen]
        if others:
            raise ValueError(f"choice is {chosen}, and {others[0]} is given: leave one of them out")
        return self

    @classmethod
    def _alternatives(cls) -> list[str]:
        return [name for name in cls.model_fields if name not in {"choice", *cls.COMMON}]


def idle(reason: str) -> Any:
    """Return a field that is accepted and changes nothing: the answer has a warning."""
    return Field(default=None, json_schema_extra={"idle": reason})


P = TypeVar("P", bound=Part)


def read(model: type[P], document: Any) -> P:
    """Return a document as a part. Raises RequestRefused with all faults."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    raise RequestRefused(*(_fault(model, document, detail) for detail in details))


def _fault(model: type[Part], document: Any, detail: Mapping[str, Any]) -> str:
    path = _followed(document, detail["loc"])
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        reason = _unknown(model, detail["loc"])
    elif kind == "missing":
        reason = "is missing"
    elif kind == "literal_error":
        reason = f"expected {context['expected']}; no other value is emulated"
    else:
        reason = str(context.get("error") or _plain(detail["msg"]))
    return f"{place(path)}: {reason}"


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]


def _followed(document: Any, loc: Path) -> Path:
    """Return the part of a location that is in the document: names of types are left out."""
    path: list[str | int] = []
    for part in loc:
        in_list = isinstance(part, int) and isinstance(document, list) and part < len(document)
        if (isinstance(document, Mapping) and (part in document or part == loc[-1])) or in_list:
            path.append(part)
            document = document[part] if in_list or part in document else None
    return tuple(path)


def _unknown(model: type[Part], loc: Path) -> str:
    owner = _owner(model, loc[:-1])
    known = [] if owner is None else list(owner.model_fields)
    near = get_close_matches(str(loc[-1]), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"this object has {', '.join(known)}"
    return "not emulated: leave it out" + (f" ({hint})" if known else "")


def _owner(model: type[Part], loc: Path) -> type[Part] | None:
    """Return the class of the object at a location."""
    current: type[Part] | None = model
    for part in loc:
        if isinstance(part, str) and current is not None and part in current.model_fields:
            current = part_of(current.model_fields[part].annotation)
    return current


def part_of(annotation: Any) -> type[Part] | None:
    """Return the class of a field's objects, if it has any."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := part_of(argument)) is not None:
            return found
    return None


def keys_of(part: Part) -> Iterator[Key]:
    """Yield the keys in a part."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Key):
                yield each
            elif isinstance(each, Part):
                yield from keys_of(each)


def warnings_of(part: Part, path: Path = ()) -> Iterator[str]:
    """Yield a warning for each field that is given and changes nothing."""
    for name in type(part).model_fields:
        if name not in part.model_fields_set:
            continue
        extra = type(part).model_fields[name].json_schema_extra
        value = getattr(part, name)
        if isinstance(extra, dict) and "idle" in extra and value is not None:
            yield f"{place((*path, name))}: {extra['idle']}"
        for at, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(each, Part):
                yield from warnings_of(each, (*path, name, *(() if at is None else (at,))))
