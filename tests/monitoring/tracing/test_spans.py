"""The spans of a port: phases of a session's beginning, rekeys, and ends that do not come."""

from __future__ import annotations

from typing import Any

from support.mka.kays import CAK, NS, Segment, chain_key

from macsec.monitoring.tracing import AgreementSpans, TimedSpan
from macsec.monitoring.tracing.spans import PHASES, REKEY, SESSION

CANARY = bytes.fromhex("ca11ab1e" * 4)


class Traced:
    """Two members on a segment; `spans` are those of `a`."""

    def __init__(self, other: bytes = CAK, cak: bytes = CAK, **policy: Any) -> None:
        self.segment = Segment()
        self.spans: list[TimedSpan] = []
        for name, own, at in (("a", cak, 1), ("b", other, 2)):
            member = self.segment.add(
                name, [chain_key(own)], key_server_priority=at, start=False, **policy
            )
            if name == "a":
                agreement = member.station.agreement
                self.of_a = AgreementSpans("ms0", agreement.kay, self.spans.append, lambda _: "no")
                agreement.follow(self.of_a.note)
            member.station.start()
        self.b = self.segment.members["b"]


def test_a_session_has_its_phases_one_after_another():
    """From the start to secured: a live peer, a SAK, secured; each phase begins with the last."""
    traced = Traced()
    traced.segment.run(5)
    (span,) = traced.spans
    assert (span.name, span.failure, span.session) == (SESSION, "", 1)
    assert [child.name for child in span.children] == list(PHASES)
    starts = [span.start_ns, *(child.end_ns for child in span.children)]
    assert [child.start_ns for child in span.children] == starts[:-1]
    assert starts[-1] == span.end_ns <= 3 * NS
    assert span.facts["macsec.port"] == "ms0"
    assert span.facts["macsec.live_peers"] == 1
    assert span.facts["macsec.is_key_server"] is True
    assert span.facts["macsec.cipher_suite"] == "gcm-aes-128"
    traced.of_a.close()
    assert len(traced.spans) == 1


def test_each_rekey_is_a_span_from_the_new_sak_to_its_first_use():
    """With an interval of 30 s there are two in 65 s, under other Key Identifiers."""
    traced = Traced(sak_rekey_interval=30)
    traced.segment.run(65)
    session, *rekeys = traced.spans
    assert [span.name for span in rekeys] == [REKEY, REKEY]
    kis = [span.facts["macsec.ki"] for span in (session, *rekeys)]
    assert len(set(kis)) == 3
    for span in rekeys:
        assert span.session == 1
        assert span.start_ns <= span.end_ns < span.start_ns + NS
    assert 29 * NS <= rekeys[1].start_ns - rekeys[0].start_ns <= 33 * NS


def test_a_lost_session_begins_another():
    """After the peer falls silent for a Life Time and comes back there is a second session."""
    traced = Traced()
    traced.segment.run(5)
    traced.b.station.agreement.stop(5 * NS)
    traced.segment.run(20)
    assert len(traced.spans) == 1
    traced.b.station.agreement.start(20 * NS)
    traced.segment.run(30)
    one, two = traced.spans
    assert (one.session, two.session) == (1, 2)
    assert 5 * NS < two.start_ns <= 13 * NS
    assert 20 * NS <= two.end_ns <= 25 * NS


def test_an_agreement_that_never_secures_ends_as_a_failure():
    """Two CAKs under one CKN: the phase that did not end has the reason, and so has the session."""
    traced = Traced(bytes(reversed(CAK)))
    traced.segment.run(10)
    assert traced.spans == []
    traced.of_a.close()
    (span,) = traced.spans
    assert (span.name, span.failure) == (SESSION, "no")
    assert [(child.name, child.failure) for child in span.children] == [(PHASES[0], "no")]
    assert span.end_ns > span.start_ns


def test_no_key_is_in_a_span():
    """Facts hold names: CKN, KI, SCI."""
    traced = Traced(CANARY, CANARY, sak_rekey_interval=30)
    keys = {CANARY.hex()}
    for seconds in (5, 35, 65):
        traced.segment.run(seconds)
        keys |= {bytes(sak.key.expose()).hex() for sak in traced.b.kay.saks()}
    assert len(keys) >= 3
    assert [key for key in keys if key in repr(traced.spans)] == []
