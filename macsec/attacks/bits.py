"""Each bit of each field of a frame is changed, one at a time (9.12, 10.6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from macsec.secy import Verdict
from macsec.suites import SUITES

from .attack import CUT, Attack
from .craft import FIELDS, flips, pn_field
from .scene import Scene
from .setting import Party, Setting

BEFORE = 2
TARGET_PN = 0x5A5A5A5B
"""A PN with half of its bits set and the top one clear: under XPN no lower value wraps."""

NOT_VALID, BAD_TAG, LATE = Verdict.NOT_VALID, Verdict.BAD_TAG, Verdict.LATE


def target(scene: Scene, **controls: Any) -> tuple[Party, Party, bytes]:
    """Return A, B, and a captured frame with the next PN that B expects; window 0."""
    pn = scene.first_pn >> 32 << 32 | TARGET_PN - BEFORE
    a, b = scene.sender(pn=pn, **controls), scene.receiver(pn=pn, **controls)
    *passed, captured = scene.send(a, scene.clear(BEFORE + 1))
    scene.deliver(b, passed, Verdict.OK)
    return a, b, captured


class Flip(Attack):
    """Captures a frame and delivers it once for each bit of one field, with that bit changed.

    The unchanged frame comes last and must be valid: the forgeries have moved no PN.
    """

    needs = CUT
    controls: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self, field: str, ends: Verdict | dict[int, Verdict], clause: str, why: str
    ) -> None:
        self.name, self.field = f"flip-{field}", field
        self.does = f"changes each bit of {TITLES[field]} in turn"
        self.clause, self.why = clause, why
        count = len(FIELDS[field].bits(bytes(1000)))
        self._ends = dict.fromkeys(range(count), ends) if isinstance(ends, Verdict) else ends

    def end(self, scene: Scene, frame: bytes, bit: int) -> Verdict:
        """Return the expected verdict with this bit of the field changed."""
        return self._ends[bit]

    def act(self, scene: Scene) -> None:
        """Deliver all forgeries, then the frame itself."""
        _, b, captured = target(scene, **self.controls)
        forged = list(flips(captured, self.field))
        ends = [self.end(scene, captured, bit) for bit, _ in forged]
        scene.deliver(b, [frame for _, frame in forged], ends)
        scene.deliver(b, [captured], Verdict.OK)


class FlipReadable(Flip):
    """Changes each bit of text or ICV of a frame that is not encrypted, or only partly."""

    def __init__(self, name: str, field: str, end: Verdict, why: str, **controls: Any) -> None:
        super().__init__(field, end, "10.6.3, 10.6.5", why)
        given = ", ".join(f"{control}: {SPELT.get(v, v)}" for control, v in controls.items())
        self.name, self.does = name, f"{self.does}; {given}"
        self.controls = controls

    def lacks(self, setting: Setting) -> str | None:
        """Refuse an offset under an XPN suite."""
        fits = self.controls.get("offset", 0) in SUITES[setting.cipher].offsets
        return None if fits else "an XPN suite has no offset (14.7)"


class FlipSL(Flip):
    """Changes each bit of the SL octet, which gives the place of the ICV."""

    def end(self, scene: Scene, frame: bytes, bit: int) -> Verdict:
        """Bits 8 and 7 must be clear; if lengths must be exact, no other SL is valid (9.12)."""
        return BAD_TAG if bit < 2 or scene.linux else NOT_VALID


class FlipPN(Flip):
    """Changes each bit of the PN field."""

    def end(self, scene: Scene, frame: bytes, bit: int) -> Verdict:
        """A lower PN is below lowestPN; a higher one is acceptable and breaks the ICV."""
        return LATE if pn_field(frame) >> (31 - bit) & 1 else NOT_VALID


TITLES = {
    "destination": "the destination address",
    "source": "the source address",
    "ethertype": "the EtherType 88-E5",
    "tci": "the TCI (V, ES, SC, SCB, E, C)",
    "an": "the AN",
    "sl": "the SL octet",
    "pn": "the PN",
    "sci": "the SCI",
    "data": "the Secure Data",
    "icv": "the ICV",
}

SPELT = {False: "off", True: "on"}
READABLE = "readable text is authenticated like any other (14.5)"
ADDRESS = "the addresses are authenticated (14.5)"

ATTACKS = (
    Flip("destination", NOT_VALID, "10.6.3, 10.6.5", ADDRESS),
    Flip("source", NOT_VALID, "10.6.3, 10.6.5", ADDRESS),
    Flip("ethertype", Verdict.NO_TAG, "10.6", "the frame no longer has a SecTAG"),
    Flip(
        "tci",
        {
            0: BAD_TAG,  # V
            1: BAD_TAG,  # ES beside SC
            2: NOT_VALID,  # SC: the SCI becomes Secure Data
            3: BAD_TAG,  # SCB beside SC
            4: NOT_VALID,  # E: integrity only
            5: Verdict.UNCONTROLLED,  # C: E alone is for the KaY
        },
        "9.12, 10.6, 10.6.5",
        "V, ES and SCB beside SC are bad tags; SC and E break the ICV; E without C is for the KaY",
    ),
    Flip("an", Verdict.NOT_USING_SA, "10.6.1", "no SA is in use under the other ANs"),
    FlipSL("sl", NOT_VALID, "9.12, 10.6.5", "bits 8 and 7 are a bad tag; others move the ICV"),
    FlipPN(
        "pn", NOT_VALID, "10.6.2, 10.6.5", "a lower PN is late; a higher one makes another nonce"
    ),
    Flip("sci", Verdict.NO_SCI, "10.6.1", "no receive SC has the other SCI"),
    Flip("data", NOT_VALID, "10.6.3, 10.6.5", "Secure Data is authenticated (14.5)"),
    Flip("icv", NOT_VALID, "10.6.3, 10.6.5", "the ICV is compared whole"),
    FlipReadable("flip-data-integrity", "data", NOT_VALID, READABLE, encrypt=False),
    FlipReadable("flip-icv-integrity", "icv", NOT_VALID, READABLE, encrypt=False),
    FlipReadable("flip-data-offset", "data", NOT_VALID, READABLE, offset=30),
    FlipReadable(
        "flip-data-check",
        "data",
        Verdict.INVALID,
        "Check delivers what was changed if C is clear, and counts it",
        encrypt=False,
        validate="check",
    ),
)
