"""The Security Association of scapy, with the verdicts of a SecY."""

from __future__ import annotations

from typing import Any

from scapy.contrib import macsec as theirs
from scapy.layers.l2 import Ether

from macsec.keys import Key, Uncopyable
from macsec.secy import Controls, SecY, Validate, Verdict
from macsec.suites import SUITES
from macsec.terms import sci_text


class MACsecSA(theirs.MACsecSA, Uncopyable):
    """The class of `scapy.contrib.macsec` with the same arguments and methods, and two more.

    `encap`, `encrypt`, `decrypt` and `decap` are scapy's. `protect` and `validate` are those of a
    SecY: they count PNs, check the window, and say why a frame is refused. Not copyable, and
    without its key in any text.

    >>> from scapy.layers.l2 import Ether
    >>> from macsec.scapy import MACsecSA
    >>> sa = MACsecSA(sci=1, an=0, pn=1, key=bytes(16), icvlen=16, encrypt=True, send_sci=True)
    >>> wire = sa.protect(Ether(dst="02:00:00:00:00:02") / b"any payload")
    >>> [sa.validate(wire)[0].label for _ in range(2)]  # a SecY checks the window
    ['ok', 'late']
    >>> sa.close()

    See also: `sniff`, `macsec.SecY`.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)  # type: ignore[no-untyped-call]
        self._secy: SecY | None = None

    def __repr__(self) -> str:
        return f"<MACsecSA {self.sci.hex()} AN {self.an}, PN {self.pn}, {self._suite().name}>"

    def _suite(self) -> Any:
        name = f"gcm-aes-{'xpn-' if self.xpn_en else ''}{8 * len(self.key)}"
        return SUITES[name]

    @property
    def secy(self) -> SecY:
        """A SecY with this SA in both directions, made at the first use; `close` wipes its keys.

        Its nextPN is the `pn` of that moment. Raises ConfigError for values that do not fit.
        """
        if self._secy is None:
            self._secy = self._made()
        return self._secy

    def _made(self) -> SecY:
        controls = Controls(
            cipher=self._suite(),
            encrypt=bool(self.do_encrypt),
            send_sci=bool(self.send_sci),
            encodingsa=self.an,
            icv_length=self.icvlen,
            validate=Validate.STRICT,
        )
        xpn: dict[str, Any] = (
            {"ssci": int.from_bytes(self.ssci), "salt": self.salt} if self.xpn_en else {}
        )
        secy, sci = SecY(controls), sci_text(int.from_bytes(self.sci))
        try:
            secy.create_tx_sc(sci)
            secy.create_tx_sa(self.an, Key(self.key), next_pn=self.pn, **xpn)
            secy.create_rx_sc(sci)
            secy.create_rx_sa(sci, self.an, Key(self.key), **xpn)
        except BaseException:
            secy.close()
            raise
        return secy

    def protect(self, packet: Any) -> Any:
        """Return the packet as it is sent, or None if nothing is; `pn` is then the next PN."""
        octets = self.secy.protect_frame(packet)
        self.pn = self.secy.tx.sa[self.an].next_pn
        return None if octets is None else Ether(octets)

    def validate(self, packet: Any) -> tuple[Verdict, Any]:
        """Return the verdict, and the clear packet if it is delivered, else None."""
        verdict, octets = self.secy.validate_frame(packet)
        return verdict, None if octets is None else Ether(octets)

    def close(self) -> None:
        """Wipe the keys of the SecY."""
        if self._secy is not None:
            self._secy.close()
