"""The model of a snapshot: a SecY and a KaY as a port, and the way to another process."""

from __future__ import annotations

import json

import pytest
from support.mka.kays import BOTH_PLANES, NS, pair
from support.planes import PLANES

from macsec.keys import Key
from macsec.monitoring import SA, History, Monitored, MonitoredPort, SourceKind, port_of
from macsec.monitoring.transfer import from_text, to_text
from macsec.secy import Controls, SecY

CANARY = bytes.fromhex("ca11ab1e" * 4)


def of_member(member, history: History | None = None, now_ns: int | None = None) -> MonitoredPort:
    """Return the port of a member of a segment."""
    port = member.station.agreement.port
    return port_of(
        SourceKind.TAP,
        "ms0",
        "wire",
        port.secy,
        opened=port.enabled,
        now_ns=now_ns,
        kay=member.kay,
        history=history,
        reason="secured",
        pid=7,
    )


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_secured_port_has_its_peer_its_sak_and_the_age_of_its_sas(plane):
    """Both ends have one live peer and one KI; SAs are as old as the time since they started."""
    segment, a, b = pair(plane)
    history = History(a.kay)
    a.station.agreement.follow(history.note)
    segment.run(5)
    now_ns = 5 * NS
    one, two = of_member(a, history, now_ns), of_member(b, None, now_ns)
    assert one.secured
    assert one.mka.is_key_server
    assert not two.mka.is_key_server
    assert one.mka.key_server == two.mka.key_server == one.sci
    assert [peer.sci for peer in one.mka.peers] == [two.sci]
    assert (one.mka.live, one.mka.potential) == (1, 0)
    transmit, receive = one.scs
    assert (transmit.transmits, receive.transmits) == (True, False)
    assert (transmit.sci, receive.sci) == (one.sci, two.sci)
    assert transmit.sas[0].ki == receive.sas[0].ki == two.scs[0].sas[0].ki != ""
    started_ns = a.secy.tx.sa[0].times.started_ns
    assert transmit.sas[0].age_s == (now_ns - started_ns) / NS > 0
    assert (transmit.sas[0].lowest_pn, receive.sas[0].lowest_pn) == (None, 1)
    assert one.mka.mkpdus_received["accepted"] > 0
    assert one.mka.mkpdus_received["bad_icv"] == 0
    assert one.mka.mkpdus_sent > 0
    assert one.mka.rekeys == one.mka.flaps == 0


def test_a_history_counts_rekeys_and_lost_sessions():
    """Another SAK is a rekey; a port that is no longer secured has flapped once."""
    segment, a, b = pair(sak_rekey_interval=30)
    history = History(a.kay)
    a.station.agreement.follow(history.note)
    segment.run(67)
    assert (history.rekeys, history.flaps) == (2, 0)
    b.station.agreement.stop(67 * NS)
    segment.run(77)
    assert (history.rekeys, history.flaps) == (2, 1)
    assert not of_member(a, history).secured


@pytest.mark.parametrize("plane", PLANES[-1:], ids=str)
def test_static_sas_have_counters_and_no_age(plane):
    """A SecY without a KaY is secured by its transmit SA; no clock gives an age."""
    with SecY(Controls(), plane.backend, plane.kernel) as secy:
        secy.create_tx_sc(0x0200000000010001)
        secy.create_tx_sa(0, Key(CANARY), next_pn=5)
        secy.protect_frame(bytes(60))
        port = port_of(SourceKind.TAP, "ms0", "wire", secy, opened=True)
    (sc,) = port.scs
    (sa,) = sc.sas
    assert (sa.an, sa.next_pn, sa.age_s, sa.ki) == (0, 6, None, "")
    assert sc.counters["OutPktsEncrypted"] == port.counters["OutPktsEncrypted"] == 1
    assert port.secured
    assert port.mka is None


def test_headroom_is_the_share_of_pns_that_is_left():
    """All are left before the first PN, none after the last."""
    assert SA(0, True, 1, 1 << 32).headroom_ratio == 1
    assert SA(0, True, 1 << 32, 1 << 32).headroom == 0
    assert SA(0, True, 1 << 64, 1 << 64).headroom_ratio == 0


def test_the_model_passes_to_another_process_unchanged():
    """Both sides have equal ports; another schema is refused."""
    _, a, _ = pair()
    sent = Monitored((of_member(a, None, 0),))
    assert from_text(to_text(sent)) == sent
    given = json.loads(to_text(sent)) | {"schema": "macsec/monitored/0"}
    with pytest.raises(ValueError, match="no macsec/monitored/1"):
        from_text(json.dumps(given))


def test_no_key_is_in_the_model():
    """Neither the CAK nor a SAK is in what a process sends."""
    _, a, _ = pair()
    text = to_text(Monitored((of_member(a),)))
    for key in (a.kay.saks()[0].key.expose(), CANARY):
        assert bytes(key).hex() not in text.lower()
