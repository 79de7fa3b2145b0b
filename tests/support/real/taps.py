"""A `macsec tap --mka` that runs on a host, and its reports."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from macsec.live.local.tap_sockets import STATUS, ask
from macsec.report.mka.status import SCHEMA
from support.outputs.schemas import checked, validator
from support.real import hosts
from support.real.hosts import Host

CKN = "11223344556677889900aabbccddeeff"


def mka_configuration(
    path: Path, cak: str, priority: int, mka: dict[str, Any] | None = None, **secy: str
) -> Path:
    """Write a private configuration with a CAK; `mka` adds entries, None removes one."""
    path.touch(mode=0o600)
    agreed = {"ckn": CKN, "cak": cak, "priority": str(priority), **(mka or {})}
    given = {name: value for name, value in agreed.items() if value is not None}
    path.write_text(json.dumps({"secy": secy, "mka": given}))
    return path


def counts_of(counters: dict[str, Any]) -> dict[str, int]:
    """Return the standard's counters of a mapping that are not zero, without sums."""
    return {
        name: count
        for name, count in counters.items()
        if name.startswith(("In", "Out")) and not name.startswith("InPktsNoSA") and count
    }


def got(counters: dict[str, int]) -> int:
    """Return the protected frames that arrived, with any verdict."""
    plain = ("InPktsNoTag", "InPktsUntagged")
    return sum(n for name, n in counters.items() if name.startswith("InPkts") and name not in plain)


def sent(counters: dict[str, int]) -> int:
    """Return the protected frames that were sent."""
    return counters.get("OutPktsEncrypted", 0) + counters.get("OutPktsProtected", 0)


class Tap:
    """`macsec tap --mka` on a host: `ms0` above a device, with an address."""

    def __init__(
        self, host: Host, lower: str, config: Path, address: str, options: tuple[str, ...] = ()
    ) -> None:
        self.host, self._lower, self._config, self._address = host, lower, config, address
        self._options = options
        self.start()

    def start(self) -> None:
        """Start it, also again after its end."""
        command = ("tap", "--mka", "-c", self._config, "--json")
        pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        ends = ("--lower", self._lower, "--upper", "ms0")
        self.process = self.host.start_macsec(*command, *ends, *self._options, **pipes)
        line = self.line()
        while "warning: key" in line:  # a suite that is longer than the CAK
            line = self.line()
        assert "ms0 is up" in line, line
        self.host.ip("address", "add", f"{self._address}/24", "dev", "ms0")

    def line(self) -> str:
        """Return its next line on stderr."""
        return str(self.process.stderr.readline().decode())

    def report(self) -> dict[str, Any]:
        """Return the answer of its status socket."""
        with self.host.inside():
            answer = ask("ms0", STATUS)
        assert answer is not None, "no answer"
        port = dict(json.loads(answer))
        validator(SCHEMA).validate({"schema": SCHEMA, "taps": [port]})
        return port

    def status(self) -> dict[str, Any]:
        """Return the status of its key agreement."""
        return dict(self.report()["mka"])

    def counters(self) -> dict[str, int]:
        """Return the counters of its SecY."""
        return counts_of(self.report()["counters"])

    @property
    def secured(self) -> bool:
        """True if it is secured."""
        return bool(self.status()["status"]["Secured"] == "Yes")

    def sends_under(self, an: int) -> bool:
        """Return whether its only key has this AN, and is in use in both directions."""
        keys = [(key["an"], key["transmits"], key["receives"]) for key in self.status()["keys"]]
        return keys == [(an, True, True)]

    def ckns(self) -> list[str]:
        """Return the CKNs of its participants."""
        return [participant["ckn"] for participant in self.status()["participants"]]

    def has_another_key(self, ki: str) -> bool:
        """Return whether it has keys, and this one no longer."""
        keys = [key["ki"] for key in self.status()["keys"]]
        return bool(keys) and ki not in keys

    def kill(self) -> None:
        """Kill it, like a power cut."""
        self.process.kill()
        self.process.wait()

    def end(self) -> tuple[dict[str, Any], str]:
        """End it by SIGTERM; return its JSON object and the rest of stderr. NAME is gone then."""
        self.process.send_signal(signal.SIGTERM)
        out, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors
        self.host.run("ip", "link", "show", "ms0", code=1)
        return checked(out), errors.decode()

    def close(self) -> None:
        """End it in any state."""
        hosts.end(self.process)
