"""Members of a CA as seen on a wire: MKPDUs and protected frames, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from macsec.kay.keys import derivation
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.sak import KI, OFFSETS, ranked
from macsec.kay.mkpdu.frame import Mkpdu, compose, decode, seal
from macsec.kay.mkpdu.parameter_sets import Basic, DistributedSak, KeyUse, PeerId, SakUse
from macsec.keys import Key
from macsec.secy import Controls, SecY
from macsec.suites import SUITES, CipherSuite

CAK = bytes(range(16))
CKN = b"a name of a key"
GCM_AES_128 = SUITES["gcm-aes-128"]


def holder(cak: bytes = CAK, ckn: bytes = CKN) -> MemoryHolder:
    """Return a holder of the CAK."""
    return MemoryHolder(Key(cak), ckn)


def decoded(frame: bytes) -> Mkpdu:
    """Return the MKPDU in a frame."""
    found = decode(frame)
    assert isinstance(found, Mkpdu), found
    return found


def encode(mkpdu: Mkpdu) -> bytes:
    """Return a decoded MKPDU as the frame that it was, with its own ICV and padding."""
    return mkpdu.signed + mkpdu.icv + mkpdu.trailer


@dataclass
class Sak:
    """A SAK that was distributed. `members`: their SCIs, for the SSCIs."""

    ki: KI
    an: int
    octets: bytes
    suite: CipherSuite
    code: int
    members: tuple[int, ...]


@dataclass
class Member:
    """A station: `mi` and its numbers, and the SecYs that it sends with."""

    sci: int
    mi: bytes
    cak: bytes = CAK
    ckn: bytes = CKN
    tags: bytes = b""
    priority: int = 16
    mn: int = 0
    secys: dict[str, SecY] = field(default_factory=dict)

    @property
    def mac(self) -> bytes:
        """The MAC address of the station."""
        return self.sci.to_bytes(8)[:6]

    def mkpdu(self, *peers: Member, **more: Any) -> Mkpdu:
        """Return the next MKPDU, with these live peers."""
        self.mn += 1
        given = {name: more.pop(name) for name in ("version", "key_server") if name in more}
        basic = Basic(
            sci=self.sci, mi=self.mi, mn=self.mn, ckn=self.ckn, priority=self.priority, **given
        )
        return compose(basic, live=tuple(PeerId(peer.mi, peer.mn) for peer in peers), **more)

    def says(self, *peers: Member, **more: Any) -> bytes:
        """Return the frame of the next MKPDU."""
        return self.tagged(seal(self.mkpdu(*peers, **more), holder(self.cak, self.ckn).icv))

    def tagged(self, frame: bytes) -> bytes:
        """Return a frame with this station's VLAN tags."""
        return frame[:12] + self.tags + frame[12:]

    def distributes(self, sak: Sak, *peers: Member, **more: Any) -> bytes:
        """Return the frame of an MKPDU that distributes a SAK."""
        wrapped = holder(self.cak, self.ckn).wrap(Key(sak.octets))
        identifier = None if sak.suite is GCM_AES_128 else sak.suite.identifier
        given = DistributedSak(sak.an, sak.code, sak.ki.kn, identifier, wrapped)
        return self.says(*peers, distributed=given, **more)

    def uses(self, sak: Sak, *peers: Member, lowest_pn: int = 1, **more: Any) -> bytes:
        """Return the frame of an MKPDU that reports the use of a SAK."""
        slot = KeyUse(sak.ki, sak.an, True, True, lowest_pn)
        return self.says(*peers, use=SakUse(latest=slot), **more)

    def sends(self, sak: Sak, frame: bytes, pn: int | None = None, **controls: Any) -> bytes:
        """Return a frame protected with a SAK, with the next PN or this one."""
        name = f"{sak.ki}/{sak.octets.hex()}"
        if name not in self.secys:
            xpn = sak.suite.xpn
            secy = SecY(
                Controls(
                    cipher=sak.suite,
                    offset=OFFSETS[sak.code] or 0,
                    encrypt=OFFSETS[sak.code] is not None,
                    encodingsa=sak.an,
                    clear_tags=len(self.tags) // 4,
                    **controls,
                )
            )
            secy.create_tx_sc(self.sci)
            secy.create_tx_sa(
                sak.an,
                Key(sak.octets),
                ssci=ranked(set(sak.members))[self.sci] if xpn else None,
                salt=derivation.salt(*sak.ki) if xpn else None,
            )
            self.secys[name] = secy
        if pn is not None:
            self.secys[name].raise_tx_pn(sak.an, pn)
        protected = self.secys[name].protect_frame(self.tagged(frame))
        assert protected is not None
        return protected

    def frame(self, number: int, length: int = 60) -> bytes:
        """Return a clear frame of this station."""
        return bytes(range(6)) + self.mac + b"\x08\x00" + number.to_bytes(4) * (length // 4)


def sak_of(
    server: Member,
    members: Sequence[Member],
    kn: int = 1,
    an: int = 0,
    suite: str = "gcm-aes-128",
    code: int = 1,
    seed: int = 0,
) -> Sak:
    """Return a SAK of a Key Server, different for each MI, KN and seed."""
    cipher = SUITES[suite]
    octets = derivation.kdf(Key(CAK), b"test", server.mi + bytes((kn, seed)), 8 * cipher.key_length)
    scis = tuple(member.sci for member in members)
    return Sak(KI(server.mi, kn), an, octets, cipher, code, scis)


def alice(**more: Any) -> Member:
    """Return the station with the lower SCI."""
    given: dict[str, Any] = {"sci": 0x02000000000A0001, "mi": b"alice's MI .."[:12]}
    return Member(**(given | more))


def bob(**more: Any) -> Member:
    """Return the station with the higher SCI."""
    given: dict[str, Any] = {"sci": 0x02000000000B0001, "mi": b"bob's MI ...."[:12]}
    return Member(**(given | more))
