"""Strategies of Hypothesis: frames, SecTAGs, configurations, MKPDUs, as the standards allow.

from hypothesis import given
from macsec.testing import strategies as macsec_st

@given(macsec_st.configuration_pairs(), macsec_st.frames())
def test_mine(ends, frame): ...
"""

from __future__ import annotations

from typing import Any

from macsec import extras
from macsec.config.static_keys import Pair
from macsec.frames.sectag import TCI, SecTAG
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu import Basic, DistributedSak, KeyUse, Mkpdu, PeerId, SakUse, compose, seal
from macsec.suites import SUITES
from macsec.terms import sci_text

from .stations import SYSTEMS

try:
    from hypothesis import strategies as st
except ImportError:
    raise extras.lacks("testing") from None

ADDRESSES = st.binary(min_size=6, max_size=6)
ETHERTYPES = (b"\x08\x00", b"\x08\x06", b"\x86\xdd", b"\x88\xb5")
UINT32 = st.integers(0, (1 << 32) - 1)
MOST = 1500
WINDOWS = (0, 1, 64, 1000)


def scis() -> st.SearchStrategy[str]:
    """SCIs as 16 hex digits, never the reserved one of all ones."""
    return st.integers(0, (1 << 64) - 2).map(sci_text)


def sectags(*, xpn: bool = False) -> st.SearchStrategy[SecTAG]:
    """SecTAGs that pass 9.12: V clear, an SCI only with SC, no ES or SCB beside it.

    `xpn`: a PN field of 0 too, as extended packet numbering has.
    """
    bits = st.sampled_from([TCI(0), TCI.C, TCI.E | TCI.C])
    with_sci = st.builds(
        lambda tci, *rest: SecTAG(tci | TCI.SC, *rest),
        bits,
        st.integers(0, 3),
        st.integers(0, 47),
        st.integers(0 if xpn else 1, (1 << 32) - 1),
        st.integers(0, (1 << 64) - 2),
    )
    without = st.builds(
        lambda tci, flags, *rest: SecTAG(tci | flags, *rest),
        bits,
        st.sampled_from([TCI(0), TCI.ES, TCI.ES | TCI.SCB, TCI.SCB]),
        st.integers(0, 3),
        st.integers(0, 47),
        st.integers(0 if xpn else 1, (1 << 32) - 1),
    )
    return with_sci | without


@st.composite
def frames(draw: st.DrawFn, *, vlans: bool = True, most: int = MOST) -> bytes:
    """Clear frames without FCS: addresses, VLAN tags, an EtherType, then at most `most` octets.

    `vlans`: with or without tags. The EtherTypes are those of users, never EAPOL or MACsec.
    """
    destination = draw(ADDRESSES)
    source = bytes([draw(st.integers(0, 255)) & 0xFE]) + draw(st.binary(min_size=5, max_size=5))
    tags = b""
    for _ in range(draw(st.integers(0, 2)) if vlans else 0):
        tags += draw(st.sampled_from([b"\x81\x00", b"\x88\xa8"])) + draw(
            st.binary(min_size=2, max_size=2)
        )
    return (
        destination
        + source
        + tags
        + draw(st.sampled_from(ETHERTYPES))
        + draw(st.binary(max_size=most))
    )


@st.composite
def configuration_pairs(draw: st.DrawFn, /, **fixed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configurations of both ends of a link, as dicts: what one protects, the other validates.

    `fixed`: entries of `secy` that are not drawn, such as `cipher="gcm-aes-128"`.
    """
    cipher = fixed.get("cipher") or draw(st.sampled_from(sorted(SUITES)))
    encrypt = draw(st.booleans())
    secy: dict[str, Any] = {
        "cipher": cipher,
        "encrypt": encrypt,
        "replay": draw(st.booleans()),
        "window": draw(st.sampled_from(WINDOWS)),
        "encodingsa": draw(st.integers(0, 3)),
    }
    if encrypt:
        offsets = st.just(0) if SUITES[cipher].xpn else st.sampled_from([0, 30, 50])
        secy["offset"] = draw(offsets)
    key = draw(st.binary(min_size=32, max_size=32))
    pair = Pair({**secy, **fixed}, SYSTEMS, lambda _, octets: key[:octets])
    return dict(pair.station(0)), dict(pair.station(1))


def configurations(**fixed: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Configurations of one SecY, for `SecY.from_config`; `fixed` as for `configuration_pairs`."""
    return configuration_pairs(**fixed).map(lambda ends: ends[0])


MIS = st.binary(min_size=12, max_size=12)
PEERS = st.lists(
    st.builds(PeerId, MIS, st.integers(1, (1 << 32) - 1)),
    max_size=4,
    unique_by=lambda peer: peer.mi,
).map(tuple)
KEYS_IN_USE = st.builds(
    KeyUse, st.builds(KI, MIS, UINT32), st.integers(0, 3), st.booleans(), st.booleans(), UINT32
)
SAK_USES = st.builds(
    SakUse,
    latest=KEYS_IN_USE,
    old=KEYS_IN_USE,
    plain_transmits=st.booleans(),
    plain_receives=st.booleans(),
    delay_protect=st.booleans(),
)
SAKS = st.builds(
    DistributedSak,
    st.integers(0, 3),
    st.integers(0, 3),
    UINT32,
    st.none() | st.sampled_from([suite.identifier for suite in SUITES.values()]),
    st.just(b""),
).flatmap(
    lambda sak: st.binary(min_size=_wrapped(sak), max_size=_wrapped(sak)).map(
        lambda octets: DistributedSak(sak.an, sak.code, sak.kn, sak.suite, octets)
    )
)


def _wrapped(sak: DistributedSak) -> int:
    """Return the octets of a wrapped SAK: 8 more than the key."""
    suite = sak.cipher_suite
    return 24 if suite is None else suite.key_length + 8


@st.composite
def mkpdus(draw: st.DrawFn) -> Mkpdu:
    """MKPDUs that a receiver parses, with any of the usual parameter sets; without an ICV."""
    basic = Basic(
        sci=draw(st.integers(0, (1 << 64) - 2)),
        mi=draw(MIS),
        mn=draw(st.integers(1, (1 << 32) - 1)),
        ckn=draw(st.binary(min_size=1, max_size=32)),
        version=draw(st.integers(1, 3)),
        priority=draw(st.integers(0, 255)),
        key_server=draw(st.booleans()),
        desired=draw(st.booleans()),
        capability=draw(st.integers(0, 3)),
    )
    return compose(
        basic,
        live=draw(PEERS),
        potential=draw(PEERS),
        use=draw(st.none() | SAK_USES),
        distributed=draw(st.none() | SAKS),
        indicator=draw(st.booleans()),
    )


def mkpdu_frames() -> st.SearchStrategy[bytes]:
    """Whole frames of MKPDUs, with random octets as ICV: no receiver with a CAK accepts one."""
    return st.builds(
        lambda mkpdu, icv: seal(mkpdu, lambda _: icv), mkpdus(), st.binary(min_size=16, max_size=16)
    )
