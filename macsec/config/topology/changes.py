"""`changes:` in a topology: events of key agreement, packet numbers and wires during a run."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import PlainValidator, WithJsonSchema, model_validator

from macsec.config.field_types import Ckn, Number, Switch
from macsec.config.model import Section
from macsec.config.topology.names import Name

FAULTS = ("cut", "drop", "delay", "wrong_key", "clock")
"""Faults that a later change can end."""
KINDS = ("next_pn", "macsec", "restart", "disable", "enable", "suspend", *FAULTS)


def _share(value: Any) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise ValueError("expected a share of the frames, such as 10%")
    return str(value) if isinstance(value, str) else value


def _quantity(value: Any) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise ValueError("expected a time, such as 12ms")
    return str(value) if isinstance(value, str) else value


Time: TypeAlias = Annotated[
    Any, PlainValidator(_quantity), WithJsonSchema({"type": ["string", "number"]})
]
Share: TypeAlias = Annotated[
    Any, PlainValidator(_share), WithJsonSchema({"type": ["string", "number"]})
]


class ChangeSection(Section):
    """`changes.N`: a change at a time `at` of the run, at one end of a link, or at both.

    One of: `next_pn`, the nextPN of the SA in use; `macsec`, off to pass frames in clear, on again;
    `restart`, key agreement starts anew, without any SA; `disable` or `enable`, the participant of
    a CKN; `suspend`, key agreement for seconds (802.1X 9.18).

    Or a fault, which `off`, 0 or 100 ends. Of frames from `site`: `cut`, on to lose all; `drop`,
    the share to lose; `delay`, the time to hold each. Of the KaY at `site`: `wrong_key`, on to
    replace its CAKs by others of the same CKNs; `clock`, the speed of its clock in percent.
    """

    at: Time
    link: Name
    site: Name | None = None
    next_pn: Number | None = None
    macsec: Switch | None = None
    restart: Switch | None = None
    disable: Ckn | None = None
    enable: Ckn | None = None
    suspend: Number | None = None
    cut: Switch | None = None
    drop: Share | None = None
    delay: Time | None = None
    wrong_key: Switch | None = None
    clock: Number | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> ChangeSection:
        if len(self.model_fields_set & {*KINDS}) != 1:
            raise ValueError(f"expected one of {', '.join(KINDS)}")
        return self

    @property
    def change(self) -> tuple[str, Any]:
        """The kind of the change, and its value."""
        name = next(name for name in KINDS if name in self.model_fields_set)
        return name, getattr(self, name)
