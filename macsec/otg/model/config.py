"""A whole configuration."""

from __future__ import annotations

from pydantic import Field

from .base import Part
from .devices import EmulatedDevice
from .flows import TrafficFlow
from .ports import Capture, Layer1, Options, OtgPort


class Config(Part):
    """The document of POST /config."""

    ports: list[OtgPort] = Field(default_factory=list)
    layer1: list[Layer1] = Field(default_factory=list)
    captures: list[Capture] = Field(default_factory=list)
    devices: list[EmulatedDevice] = Field(default_factory=list)
    flows: list[TrafficFlow] = Field(default_factory=list)
    options: Options = Options()
