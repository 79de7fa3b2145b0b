"""The changes that a running port takes from `macsec mka set`: a `tap --mka`, an end of a lab.

A request is a line of JSON, and after it the octets of the CAKs that the line names: no text holds
a key. The answer is a JSON object: `changes`, or `error` with its exit code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from macsec.cli.shared.ports.settings import adjusted
from macsec.config import load
from macsec.errors import ConfigError, MACsecError
from macsec.kay.holders import Edge, chain_of, policy_of
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import Activate, ChainKey
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.keys import Key
from macsec.live.local.local_socket import Client, converse
from macsec.port import Agreement, PortEvents
from macsec.port.authenticated import AuthenticatedAgreement
from macsec.report.mka.status import reason
from macsec.secy.from_config import located_controls

FIXED = ("destination", "eapol_ethertype")
"""Entries of a policy that the sockets of a port were opened for."""

Take = Callable[[Iterable[bytes]], None]
"""Takes the names of CAKs for this port alone; raises MACsecError if another process has one."""


@dataclass(slots=True)
class ChangeRequest:
    """The changes that a user asks for, in the order in which they are made.

    `port`: its name, where a process has several. `profile`: the absolute path of a configuration.
    `caks`: CKN in hex, and the octets of the CAK.
    `activate`: CKN in hex, and `always` or `onOperUp`.
    `at_once`: do not wait until a new CAK carries the traffic. `macsec`: on, off or as it is.
    `suspend`: seconds of a suspension, 0 to end one. `new_group`: make another group CAK.
    `policy`, `secy`: new values of the policy and of controls, by their names, the present CAKs
    kept. `check`: only say whether these would be taken.
    """

    port: str | None = None
    profile: str | None = None
    caks: list[tuple[str, int]] = field(default_factory=list)
    at_once: bool = False
    disable: list[str] = field(default_factory=list)
    enable: list[str] = field(default_factory=list)
    activate: list[tuple[str, str]] = field(default_factory=list)
    macsec: bool | None = None
    clear_counters: bool = False
    suspend: int | None = None
    new_group: bool = False
    policy: dict[str, Any] = field(default_factory=dict)
    secy: dict[str, Any] = field(default_factory=dict)
    check: bool = False

    def encode(self, keys: list[Key]) -> bytearray:
        """Return the octets of the request; the caller wipes them."""
        octets = bytearray(json.dumps(asdict(self)).encode() + b"\n")
        for key in keys:
            octets += key.in_place()
        return octets

    @classmethod
    def decode(cls, octets: bytearray) -> tuple[ChangeRequest, list[Key]]:
        """Return a request and its CAKs, and wipe the octets. Raises MACsecError."""
        try:
            end = octets.index(b"\n")
            request = cls(**json.loads(octets[:end]))
            keys, start = [], end + 1
            for _, length in request.caks:
                octets_of_key: Any = memoryview(octets)[start : start + length]  # no copy
                keys.append(Key(octets_of_key))
                start += length
            if start != len(octets):
                raise ValueError("other octets than those of the keys")
        except (ValueError, TypeError):
            raise MACsecError("the request of another version of macsec") from None
        finally:
            octets[:] = bytes(len(octets))
        return request, keys


class Changes:
    """Makes the changes of requests on an agreement; `now_ns()` is the KaY's time.

    `edge_at(now_ns)` gives the services for holders of CAKs. Call it while no KaY runs.

    New CAKs are preferred at once; the replaced ones stay until a new one has carried the
    traffic for a Life Time, so that no frame is lost.
    """

    def __init__(
        self,
        agreement: Agreement,
        now_ns: Callable[[], int],
        edge_at: Callable[[int], Edge],
        take: Take,
        events: PortEvents | None,
    ) -> None:
        self._agreement, self._kay = agreement, agreement.kay
        self._now_ns, self._edge_at, self._take = now_ns, edge_at, take
        self._events = events
        self._replacing: set[bytes] = set()
        self._carried_ns: int | None = None
        agreement.follow(self._tend)

    def make(self, request: ChangeRequest, keys: list[Key], pid: int) -> dict[str, Any]:
        """Make the changes of a request from a process; return the answer. Raises MACsecError."""
        if request.check:
            adjusted(self._agreement, request.policy, request.secy)
            return {"changes": [], "reason": reason(self._kay)}
        changes = list(self._make(request, keys))
        self._agreement.settle(self._now_ns())
        if self._events is not None:
            self._events.changed(changes, pid)
        return {"changes": changes, "reason": reason(self._kay)}

    def _tend(self, now_ns: int) -> None:
        """Remove replaced CAKs once a new one has carried the traffic for a Life Time."""
        if not self._replacing:
            return
        principal = self._kay.principal
        if principal is None or not self._carries() or not self._kay.secured:
            self._carried_ns = None
        elif self._carried_ns is None:
            self._carried_ns = now_ns
        elif now_ns - self._carried_ns >= MKA_LIFE_TIME_NS:
            self._remove_others()

    def _carries(self) -> bool:
        """Return whether a new CAK carries the traffic, or has peers beneath a group CAK."""
        principal = self._kay.principal
        if principal is None or not principal.key.group:
            return principal is not None and principal.key.ckn in self._replacing
        members = self._kay.all_participants
        return any(each.peers.live for each in members if each.key.ckn in self._replacing)

    def _make(self, request: ChangeRequest, keys: list[Key]) -> Iterator[str]:
        now_ns = self._now_ns()
        known = {*self._kay.chain.ckns, *(bytes.fromhex(ckn) for ckn, _ in request.caks)}
        activated = (name for name, _ in request.activate)
        for name in (*request.disable, *request.enable, *activated):
            if bytes.fromhex(name) not in known and request.profile is None:
                raise ConfigError(f"CKN {name}: this port has no such CAK")
        if request.profile is not None:
            yield self._adopt(request.profile)
        if request.policy or request.secy:
            self._agreement.adopt(now_ns, *adjusted(self._agreement, request.policy, request.secy))
            yield f"settings {', '.join((*request.policy, *request.secy))}"
        if keys:
            yield self._replace(request, keys)
        for names, enabled in ((request.disable, False), (request.enable, True)):
            for name in names:
                self._kay.enable_key(now_ns, bytes.fromhex(name), enabled)
                yield f"participant of CKN {name} {'enabled' if enabled else 'disabled'}"
        for name, activate in request.activate:
            self._kay.activate_key(now_ns, bytes.fromhex(name), Activate(activate))
            yield f"participant of CKN {name}: {activate}"
        if request.macsec is not None:
            self._agreement.bypass(now_ns, not request.macsec)
            yield f"MACsec {'on' if request.macsec else 'off: frames pass in clear'}"
        if request.clear_counters:
            self._clear_counters()
            yield "counters cleared"
        if request.suspend is not None:
            self._kay.suspend(now_ns, request.suspend)
            asked = f"suspension of {request.suspend} s asked for"
            yield asked if request.suspend else "suspension ended"
        if request.new_group:
            self._kay.new_group(now_ns)
            yield "another group CAK"

    def _adopt(self, path: str) -> str:
        """Take policy, controls and CAKs of another configuration."""
        model = load(path)
        try:
            if model.mka is None:
                raise ConfigError(f"{model.origin.where(('mka',))}: is missing")
            policy, controls = policy_of(model), located_controls(model)
            self._check_fixed(model.mka.port, policy)
            if (model.mka.eap is None) is isinstance(self._agreement, AuthenticatedAgreement):
                raise ConfigError("mka.eap: its RADIUS server stays: start the port again")
            keys = chain_of(model, self._edge_at(self._now_ns()))
        finally:
            model.wipe()
        self._take([key.ckn for key in keys])
        mtu = self._agreement.port.secy.controls.mtu
        self._agreement.adopt(self._now_ns(), policy, replace(controls, mtu=mtu))
        for ckn in self._kay.chain.ckns:
            self._kay.remove_key(self._now_ns(), ckn)
        for key in keys:
            self._kay.add_key(self._now_ns(), key)
        self._replacing = set()
        return f"profile {path}"

    def _check_fixed(self, port: int, policy: Any) -> None:
        if port != self._kay.sci & 0xFFFF:
            raise ConfigError("mka.port: the SCI of a running port stays: start it again")
        for name in FIXED:
            if getattr(policy, name) != getattr(self._kay.policy, name):
                raise ConfigError(f"mka.{name}: its socket is open: start the port again")

    def _replace(self, request: ChangeRequest, keys: list[Key]) -> str:
        """Add CAKs in place of the present ones; a fallback stays."""
        now_ns = self._now_ns()
        names = [bytes.fromhex(ckn) for ckn, _ in request.caks]
        added = [
            ChainKey(MemoryHolder(key, ckn), start_ns=now_ns)
            for ckn, key in zip(names, keys, strict=True)
        ]
        self._take(names)
        for ckn in set(names) & set(self._kay.chain.ckns):
            self._kay.remove_key(now_ns, ckn)
        for key in added:
            self._kay.add_key(now_ns, key)
        self._replacing, self._carried_ns = set(names), None
        if request.at_once:
            self._remove_others()
        return f"CAK of CKN {', '.join(key.name for key in added)}"

    def _clear_counters(self) -> None:
        """Set the counters of the SecY and of the KaY to zero."""
        if self._events is not None:
            self._events.count()
            self._events.forget_counts()
        self._agreement.port.secy.clear_counters()
        self._kay.counters.reset()

    def _remove_others(self) -> None:
        now_ns = self._now_ns()
        active = self._kay.chain.active(now_ns)
        present = {key.ckn for key in active if not (key.fallback or key.group)}
        for ckn in present - self._replacing:
            self._kay.remove_key(now_ns, ckn)
        self._replacing = set()


def answer(client: Client, octets: bytearray, port: Callable[[ChangeRequest], Changes]) -> str:
    """Make the changes of a request on its port; return the answer, and wipe the octets."""
    try:
        request, keys = ChangeRequest.decode(octets)
        return json.dumps(port(request).make(request, keys, client.pid))
    except MACsecError as error:
        return json.dumps({"error": str(error), "exit_code": error.exit_code})


def request_changes(
    who: str, path: str, request: ChangeRequest, keys: list[Key]
) -> dict[str, Any] | None:
    """Ask the process with a socket at a path for changes; return its answer, None without one.

    Raises MACsecError with the exit code of a refusal; `who` is the port.
    """
    octets = request.encode(keys)
    try:
        text = converse(path, octets, who)
    finally:
        octets[:] = bytes(len(octets))
    if text is None:
        return None
    found: dict[str, Any] = json.loads(text)
    if "error" in found:
        refusal = MACsecError(f"{who}: {found['error']}")
        refusal.exit_code = found["exit_code"]
        raise refusal
    return found
