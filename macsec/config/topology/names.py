"""Names of sites, hosts and links in a topology; schemas added to that of a type."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

NAME_LENGTH = 32
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{NAME_LENGTH - 1}}}")


def _name(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and _NAME.fullmatch(value):
        return str(value)
    raise ValueError(f"expected a name of 1 to {NAME_LENGTH} letters, digits, . _ -")


Name: TypeAlias = Annotated[
    str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})
]


class AnyOf:
    """Adds schemas to that of a type: the JSON Schema allows any of them."""

    def __init__(self, *schemas: dict[str, Any]) -> None:
        self._schemas = schemas

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [*self._schemas, handler(core)]}
