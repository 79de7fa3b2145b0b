"""A capture read from its middle: the heads so far, and the octets from a position on."""

from __future__ import annotations

from io import BytesIO

import pytest
from support.planes import frame_of

from macsec import FrameBatch, captures
from macsec.captures import reader

FRAMES = [frame_of(60 + at) for at in range(40)]


def made(form, name="port"):
    """A capture of all frames, with one interface."""
    file = BytesIO()
    names = [name] if form == "pcapng" else None
    with captures.write(file, format=form, interfaces=names) as sink:
        sink.write(FrameBatch.from_frames(FRAMES, [10**18 + at for at in range(len(FRAMES))]))
    return file.getvalue()


def frames_of(octets):
    """All frames of a capture with their times."""
    with captures.read(BytesIO(octets)) as found:
        return [each for batch in found for each in zip(batch, batch.time_ns.tolist(), strict=True)]


@pytest.mark.parametrize(
    "octets", [made("pcap"), made("pcapng"), made("pcapng") + made("pcapng", "b")]
)
@pytest.mark.parametrize("backend", ["reference", "auto"])
def test_capture_goes_on_at_the_position_behind_its_heads(octets, backend):
    """At the end of each batch, heads and the rest are a capture of the frames that follow."""
    with captures.read(BytesIO(octets), batch_frames=16, backend=backend) as found:
        places = [(found.position, found.heads, found.frames) for _ in found]
    whole = frames_of(octets)
    assert len(places) > 2
    for position, heads, frames in places:
        assert frames_of(heads + octets[position:]) == whole[frames:]


def test_heads_that_grow_too_large_are_none(monkeypatch):
    """Sections and interfaces without an end are not kept."""
    monkeypatch.setattr(reader, "_HEADS_MOST", 200)
    with captures.read(BytesIO(made("pcapng") * 3)) as found:
        assert sum(len(batch) for batch in found) == 3 * len(FRAMES)
        assert found.heads is None
