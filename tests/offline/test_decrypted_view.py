"""Every frame as a reader sees it: clear if it is valid, else as it was, with the verdict."""

from __future__ import annotations

from support.planes import BOTH_PLANES, SAK, SCI_A, SCI_B, Plane, add_tx, frame_of

from macsec.config import load
from macsec.frames import FrameBatch
from macsec.offline.decrypted_view import listener, view
from macsec.secy import SecY

KEY = SAK[:16].hex()
CONFIG = {
    "tx": {"sci": SCI_A, "sa": {"0": {"key": KEY}}},
    "rx": [{"sci": SCI_B, "sa": {"0": {"key": KEY}}}],
}


def sender(plane: Plane, sci: str) -> SecY:
    """Return a SecY that sends on an SC."""
    return add_tx(plane.secy(), sci)


def listening(plane: Plane) -> SecY:
    """Return a listener to both ends of the configuration."""
    return listener(load(CONFIG), plane.backend, plane.kernel)


def test_frames_of_both_ends_are_shown_in_clear(plane: Plane) -> None:
    """Frames that the end of the file sends, and those it receives, repeated ones too."""
    clear = [frame_of(60), frame_of(100)]
    ends = [sender(plane, sci) for sci in (SCI_A, SCI_B)]
    sent = [secy.protect_frame(each) or b"" for secy in ends for each in clear]
    batch = FrameBatch.from_frames([*sent, sent[0]], time_ns=range(5), source=[0] * 5)
    with listening(plane) as secy:
        shown = view(secy, batch)
    assert shown.batch.frames() == [*clear, *clear, clear[0]]
    assert shown.batch.time_ns.tolist() == [0, 1, 2, 3, 4]
    verdicts = [(text or "").split(",")[0] for text in shown.comments]
    assert verdicts == ["MACsec ok"] * 4 + ["MACsec delayed"]
    assert shown.comments[2] == (
        f"MACsec ok, InPktsOK (802.1AE 10.6.5): SCI {SCI_B}, AN 0, PN 1, decrypted"
    )


def test_other_frames_are_shown_as_they_were(plane: Plane) -> None:
    """A forged frame with its verdict, a clear one without."""
    forged = bytearray(sender(plane, SCI_A).protect_frame(frame_of(60)) or b"")
    forged[-1] ^= 1
    with listening(plane) as secy:
        shown = view(secy, FrameBatch.from_frames([bytes(forged), frame_of(60)]))
    assert shown.batch.frames() == [bytes(forged), frame_of(60)]
    assert shown.comments[0] == (
        "MACsec not-valid, InPktsNotValid (802.1AE 10.6.5): "
        f"SCI {SCI_A}, AN 0, PN 1, shown as received"
    )
    assert shown.comments[1] is None


def test_a_listener_is_on_both_planes_alike() -> None:
    """The comments of one batch are equal."""
    sent = sender(BOTH_PLANES[0], SCI_A).protect_frame(frame_of(60)) or b""
    batch = FrameBatch.from_frames([sent] * 3)
    texts = []
    for plane in BOTH_PLANES:
        with listening(plane) as secy:
            texts.append(view(secy, batch).comments)
    assert texts[0] == texts[-1]
