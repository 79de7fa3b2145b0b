"""A `macsec tap --mka` that runs on a host, and what it tells of itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from macsec.cli.tap.status_socket import STATUS, ask
from macsec.report.mka.status import SCHEMA
from support import hosts
from support.hosts import Host
from support.schemas import checked, validator

CKN = "11223344556677889900aabbccddeeff"


def mka_configuration(
    path: Path, cak: str, priority: int, mka: dict[str, Any] | None = None, **secy: str
) -> Path:
    """A configuration with a CAK, for its owner alone; `mka` has more, or None for less."""
    path.touch(mode=0o600)
    agreed = {"ckn": CKN, "cak": cak, "priority": str(priority), **(mka or {})}
    given = {name: value for name, value in agreed.items() if value is not None}
    path.write_text(json.dumps({"secy": secy, "mka": given}))
    return path


def counts_of(counters: dict[str, Any]) -> dict[str, int]:
    """The standard's counters of a mapping that are not zero, without the sums of some."""
    return {
        name: count
        for name, count in counters.items()
        if name.startswith(("In", "Out")) and not name.startswith("InPktsNoSA") and count
    }


def got(counters: dict[str, int]) -> int:
    """Protected frames that came, however they ended."""
    plain = ("InPktsNoTag", "InPktsUntagged")
    return sum(n for name, n in counters.items() if name.startswith("InPkts") and name not in plain)


def sent(counters: dict[str, int]) -> int:
    """Protected frames that left."""
    return counters.get("OutPktsEncrypted", 0) + counters.get("OutPktsProtected", 0)


class Tap:
    """`macsec tap --mka` on a host: `ms0` above a device, with an address."""

    def __init__(self, host: Host, lower: str, config: Path, address: str) -> None:
        self.host, self._lower, self._config, self._address = host, lower, config, address
        self.start()

    def start(self) -> None:
        """Start it, anew where it has ended."""
        command = (sys.executable, "-m", "macsec", "tap", "--mka", "-c", self._config, "--json")
        pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        self.process = self.host.start(*command, "--lower", self._lower, "--upper", "ms0", **pipes)
        line = self.talk()
        while "warning: key" in line:  # a suite that is longer than the CAK
            line = self.talk()
        assert "ms0 is up" in line, line
        self.host.ip("address", "add", f"{self._address}/24", "dev", "ms0")

    def talk(self) -> str:
        """The next line that it says."""
        return str(self.process.stderr.readline().decode())

    def told(self) -> dict[str, Any]:
        """All that it tells who asks."""
        with self.host.inside():
            answer = ask("ms0", STATUS)
        assert answer is not None, "nobody answers"
        port = dict(json.loads(answer))
        validator(SCHEMA).validate({"schema": SCHEMA, "taps": [port]})
        return port

    def status(self) -> dict[str, Any]:
        """How its key agreement stands."""
        return dict(self.told()["mka"])

    def counters(self) -> dict[str, int]:
        """What its SecY counted so far."""
        return counts_of(self.told()["counters"])

    @property
    def secured(self) -> bool:
        """Whether it is."""
        return bool(self.status()["status"]["Secured"] == "Yes")

    def sends_under(self, an: int) -> bool:
        """Whether the only key left is that of an AN, in use both ways."""
        keys = [(key["an"], key["transmits"], key["receives"]) for key in self.status()["keys"]]
        return keys == [(an, True, True)]

    def ckns(self) -> list[str]:
        """The CKNs under which it has a participant."""
        return [participant["ckn"] for participant in self.status()["participants"]]

    def has_another_key(self, ki: str) -> bool:
        """Whether it has a key, and that one no more."""
        keys = [key["ki"] for key in self.status()["keys"]]
        return bool(keys) and ki not in keys

    def kill(self) -> None:
        """A power cut."""
        self.process.kill()
        self.process.wait()

    def end(self) -> tuple[dict[str, Any], str]:
        """Its JSON object and the rest that it said, after SIGTERM; NAME is gone."""
        self.process.send_signal(signal.SIGTERM)
        out, told = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, told
        self.host.run("ip", "link", "show", "ms0", code=1)
        return checked(out), told.decode()

    def close(self) -> None:
        """End it however it stands."""
        hosts.end(self.process)
