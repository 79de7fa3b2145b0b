"""Protects captures and has tcpdump decode the result: `interop.py FOLDER` writes there.

Each frame must be MACsec to tcpdump, with the packet number, association number and SCI that it
was given.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from macsec import captures
from macsec.keys import Key
from macsec.secy import Controls, SecY
from macsec.suites import SUITES

PCAPS = Path(__file__).parents[1] / "pcaps"
SCI = "5254001301560001"
LINE = re.compile(
    r"MACsec \(0x88e5\).*? an (\d), pn (\d+), flags (\w+),(?: sl \d+,)? sci (\w{16}),"
)


def protect(source: Path, target: Path, cipher: str, encrypt: bool) -> int:
    """Write a protected capture; gives the number of frames."""
    secy = SecY(Controls(cipher=SUITES[cipher], encrypt=encrypt))
    secy.create_tx_sc(SCI)
    xpn = {"ssci": 1, "salt": bytes(range(12))} if secy.controls.cipher.xpn else {}
    secy.create_tx_sa(0, Key(bytes(range(secy.controls.cipher.key_length))), **xpn)
    frames = 0
    with captures.read(source) as reader, captures.write(target) as sink:
        for batch in reader:
            sent = secy.protect(batch).batch
            sink.write(sent)
            frames += len(sent)
    return frames


def decoded(capture: Path) -> list[tuple[str, ...]]:
    """AN, PN, flags and SCI of each frame, as tcpdump sees them."""
    command = ["tcpdump", "-nn", "-e", "-r", str(capture)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return [match.groups() for line in printed.splitlines() if (match := LINE.search(line))]


def main(folder: Path) -> None:
    """All captures and suites."""
    total = 0
    for source in sorted(PCAPS.glob("*.pcap*")):
        for cipher in SUITES:
            for encrypt in (True, False):
                target = folder / f"{source.stem}-{cipher}-{encrypt}.pcap"
                frames = protect(source, target, cipher, encrypt)
                flags = "ECI" if encrypt else "I"
                expected = [("0", str(pn), flags, SCI) for pn in range(1, frames + 1)]
                found = decoded(target)
                if frames == 0 or found != expected:
                    sys.exit(f"{target.name}: {len(found)} of {frames} frames decoded: {found[:3]}")
                total += frames
                target.unlink()
    sys.stdout.write(f"tcpdump decoded {total} frames\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
