"""A script or batch file of `ip` to the macsec devices that it leaves, each line accounted for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from macsec.config.exchange import ip_devices as devices
from macsec.config.exchange.ip_devices import Channel, Device, Refused
from macsec.config.exchange.pieces import text_of
from macsec.config.exchange.shell import UNKNOWN, Command, commands
from macsec.errors import ConfigError

# fmt: off
_OBJECTS = (
    "address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour", "ntable", "ntbl",
    "link", "l2tp", "fou", "ila", "macsec", "tunnel", "tuntap", "token", "tcpmetrics", "monitor",
    "xfrm", "mroute", "mrule", "netns", "netconf", "vrf", "sr", "nexthop", "mptcp", "ioam", "help",
    "stats", "tap",
)
# fmt: on
_OPTIONS_WITH_VALUE = ("-netns", "-batch", "-family", "-rcvbuf", "-loops")
_QUIET = frozenset(["set", "true", ":", "exit", "fi"])
_PROGRAM = re.compile(r"[\w./+-]+")
# fmt: off
_NAMES_MACSEC_FREELY = frozenset({
    "modprobe", "insmod", "rmmod", "lsmod", "echo", "printf", "sleep", "ethtool", "tcpdump",
    "ping", "ping6", "sysctl", "grep", "apt", "apt-get", "dnf", "yum", "udevadm", "ifconfig",
    "iperf3", "wpa_supplicant", "killall", "pkill",
})
# fmt: on
_LINK_FLAGS = frozenset(["up", "down", "arp", "multicast", "dynamic", "promisc"])
_DEPTH_LIMIT = 4


@dataclass(slots=True)
class Network:
    """The devices of all namespaces, by namespace ("" for that of the script) and name."""

    path: Path
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    commands: int = 0
    depth: int = 0

    def read(self, path: Path, space: str = "") -> None:
        """Run a file. Raises ConfigError, naming the line."""
        if self.depth >= _DEPTH_LIMIT:
            raise ConfigError(f"{path}: batch files that name each other")
        before, self.path, self.depth = self.path, path, self.depth + 1
        for command in commands(text_of(path), path):
            self._guarded(command, list(command.words), space)
        self.path, self.depth = before, self.depth - 1

    def _guarded(self, command: Command, words: list[str], space: str) -> None:
        try:
            self._run(command, words, space)
        except Refused as error:
            raise ConfigError(f"{self.path}:{command.line}: {error}") from None

    def _note(self, command: Command, text: str) -> None:
        self.notes.append(f"line {command.line}: {text}")

    def _run(self, command: Command, words: list[str], space: str) -> None:
        while words and words[0] in ("sudo", "exec", "command", "doas"):
            words = words[1:]
        if not words or words[0] in _QUIET:
            return
        program = words[0].rpartition("/")[2]
        if program == "ip":
            self._ip(command, words[1:], space)
        elif words[0] in ("link", "macsec") or (self.depth > 1 and words[0] in _OBJECTS):
            self._object(command, words, space)  # a line of a batch file
        elif program in ("sh", "bash") and words[1:2] == ["-c"] and len(words) > 2:
            for inner in commands(words[2], self.path):
                self._run(Command(command.line, inner.words), list(inner.words), space)
        else:
            self._other(command, words, program)

    def _other(self, command: Command, words: list[str], program: str) -> None:
        if not _PROGRAM.fullmatch(words[0].replace(UNKNOWN, "")):
            raise Refused("not a command as ip has it")
        if "macsec" in words and program not in _NAMES_MACSEC_FREELY:
            raise Refused("macsec in a command of another program, which is not followed")
        self._note(command, f"{program} is no command of ip: left out")

    def _ip(self, command: Command, words: list[str], space: str) -> None:
        batch = None
        while words and words[0].startswith("-"):
            option = "-" + words.pop(0).lstrip("-")
            named = next((name for name in _OPTIONS_WITH_VALUE if name.startswith(option)), None)
            if option in ("-", "-br", "-brief") or named is None:
                continue
            if not words:
                raise Refused(f"{option} without a value")
            value = words.pop(0)
            if named == "-netns":
                space = value
            elif named == "-batch":
                batch = value
        if batch is not None:
            self._batch(command, batch, space)
        elif words:
            self._object(command, words, space)

    def _batch(self, command: Command, name: str, space: str) -> None:
        if name != "-":
            self.read(self.path.parent / name, space)
            return
        if not command.given:
            raise Refused("-batch -: the commands come from elsewhere")
        for number, line in command.given:
            for inner in commands(line, self.path):
                self._guarded(Command(number, inner.words), ["ip", *inner.words], space)

    def _object(self, command: Command, words: list[str], space: str) -> None:
        kind = _matched(words[0], _OBJECTS)
        rest = words[1:]
        if kind == "netns" and rest[:1] and "exec".startswith(rest[0]) and len(rest) > 2:
            self._run(command, rest[2:], rest[1])
            return
        if kind == "macsec" and rest:
            self._checked(rest)
            self.commands += 1
            self._macsec(command, rest, space)
        elif kind == "link" and rest:
            self._link(command, rest, space)
        else:
            self._note(command, f"ip {kind} has no part in a configuration")

    def _checked(self, words: list[str]) -> None:
        if any(UNKNOWN in word for word in words):
            raise Refused("a variable that only a running shell knows: write its value out")

    # ------------------------------------------------------------ ip link

    def _link(self, command: Command, words: list[str], space: str) -> None:
        verb = _matched(words[0], ("add", "set", "change", "replace", "delete", "show", "help"))
        link = _link_of(words[1:])
        if verb in ("show", "help"):
            self._note(command, f"ip link {verb} changes nothing")
            return
        if link.kind == "macsec":
            self._checked(words)
            self.commands += 1
        key = (space, link.name)
        if verb == "add" and link.kind == "macsec":
            self._add(command, link, key)
        elif verb == "delete" and key in self.devices:
            del self.devices[key]
        elif verb in ("set", "change") and (key in self.devices or link.address is not None):
            self._set(command, link, key)
        elif link.kind == "macsec":
            raise Refused(f"there is no macsec device {link.name}")
        else:
            self._note(command, f"ip link {verb} {link.name} has no part in a configuration")

    def _add(self, command: Command, link: _Link, key: tuple[str, str]) -> None:
        if key in self.devices:
            raise Refused(f"{link.name} exists")
        if not link.name or not link.lower:
            raise Refused("expected ip link add link LOWER name NAME type macsec")
        own = link.address
        if own is None:
            own = self.addresses.get((key[0], link.lower))
        sci, rest = devices.sci_of_words(link.options, own)
        explicit, named = link.options[:1] == ["sci"], link.options[:1] in (["port"], ["address"])
        if sci is None and not named and own is not None:
            sci = own << 16 | 1
        given = devices.options_of(iter(rest))
        if explicit and given.get("send_sci") == "off":
            raise Refused("Linux refuses an explicit sci with send_sci off")
        if any(
            (space, other.lower, other.sci) == (key[0], link.lower, sci) and sci is not None
            for (space, _), other in self.devices.items()
        ):
            raise Refused(f"another device on {link.lower} has this SCI")
        device = Device(command.line, link.name, link.lower, sci, given)
        device.check(given)
        self._offload(command, given)
        self.devices[key] = device

    def _set(self, command: Command, link: _Link, key: tuple[str, str]) -> None:
        device = self.devices.get(key)
        if device is None:
            self.addresses[key] = link.address or 0
            self._note(command, f"{link.name} is not in a configuration; its address is in the SCI")
            return
        if link.kind == "macsec":
            if link.options[:1] and link.options[0] in ("sci", "port", "address"):
                raise Refused("the SCI of a device cannot be changed")
            given = devices.options_of(iter(link.options))
            device.change(given)
            self._offload(command, given)
        for word in link.others:
            self._note(command, f"{word} of {link.name} is not in a configuration")
        space, name = link.space or key[0], link.renamed or key[1]
        if (space, name) != key:
            device.name = name
            self.devices[space, name] = self.devices.pop(key)

    def _offload(self, command: Command, given: dict[str, object]) -> None:
        if given.get("offload", "off") != "off":
            self._note(command, "offload is not in a configuration: there is no hardware")

    # ------------------------------------------------------------ ip macsec

    def _macsec(self, command: Command, words: list[str], space: str) -> None:
        verb = _matched(words[0], ("show", "add", "set", "delete", "offload", "help"))
        if verb in ("show", "help"):
            self._note(command, f"ip macsec {verb} changes nothing")
            return
        if len(words) < 2 or (space, words[1]) not in self.devices:
            raise Refused(f"there is no macsec device {' '.join(words[1:2])}")
        device, rest = self.devices[space, words[1]], words[2:]
        if verb == "offload":
            self._offload(command, devices.options_of(iter(["offload", *rest])))
        elif rest[:1] == ["tx"] and rest[1:2] == ["sa"]:
            self._sa(verb, device, device.tx, rest[2:])
        elif rest[:1] == ["rx"]:
            self._rx(verb, device, rest[1:])
        else:
            raise Refused("expected tx sa AN, or rx SCI")

    def _rx(self, verb: str, device: Device, words: list[str]) -> None:
        sci, rest = devices.sci_of_words(words)
        if sci is None:
            raise Refused("expected sci SCI, or port PORT address MAC")
        if rest[:1] == ["sa"]:
            self._sa(verb, device, _channel(device, sci), rest[1:])
        elif verb == "delete":
            _channel(device, sci)
            del device.rx[sci]
        else:
            if verb == "add" and sci in device.rx:
                raise Refused("this receive SC exists")
            channel = Channel() if verb == "add" else _channel(device, sci)
            if len(rest) > 1:
                raise Refused(f"{rest[1]}: no option of a receive SC")
            if rest:
                channel.enabled = devices.SWITCH(rest[0])
            device.rx[sci] = channel

    def _sa(self, verb: str, device: Device, channel: Channel, words: list[str]) -> None:
        if not words:
            raise Refused("sa without a value")
        an = devices.ASSOCIATION(words[0])
        if verb == "delete":
            devices.delete_association(channel, an)
            return
        sa = devices.association(words[1:])
        if verb == "add":
            devices.add_association(device, channel, an, sa)
        else:
            devices.set_association(channel, an, sa)


def _channel(device: Device, sci: int) -> Channel:
    if sci not in device.rx:
        raise Refused("there is no such receive SC: macsec add DEV rx SCI comes first")
    return device.rx[sci]


def _matched(word: str, names: tuple[str, ...]) -> str:
    """The first name that begins so, as ip takes abbreviations."""
    found = next((name for name in names if name.startswith(word)), None)
    if found is None:
        raise Refused(f"{word}: ip has no such command")
    return found


@dataclass(slots=True)
class _Link:
    """Words of `ip link`, taken apart."""

    name: str = ""
    lower: str = ""
    kind: str = ""
    address: int | None = None
    space: str = ""
    renamed: str = ""
    options: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def _link_of(words: list[str]) -> _Link:
    link = _Link()
    given = iter(words)
    takes: dict[str, Callable[[str], object]] = {
        "link": lambda word: setattr(link, "lower", word),
        "dev": lambda word: setattr(link, "name", word),
        "name": lambda word: setattr(link, "renamed" if link.name else "name", word),
        "address": lambda word: setattr(link, "address", devices.MAC(word)),
        "netns": lambda word: setattr(link, "space", word),
    }
    for word in given:
        if word == "type":
            link.kind = next(given, "")
            link.options = list(given)
        elif word in takes:
            if (value := next(given, None)) is None:
                raise Refused(f"{word} without a value")
            takes[word](value)
        elif word in _LINK_FLAGS:
            link.others.append(word)
        elif not link.name:
            link.name = word
        else:
            next(given, None)
            link.others.append(word)
    return link


def chosen(network: Network, wanted: str | None) -> Device:
    """The device to import: the only one, or `wanted` as NAME or NAMESPACE/NAME."""
    path = network.path
    names = {"/".join(filter(None, key)): device for key, device in network.devices.items()}
    if wanted is not None:
        if wanted not in names:
            known = ", ".join(names) or "none"
            raise ConfigError(f"{path}: there is no macsec device {wanted}; in the file: {known}")
        return names[wanted]
    if not names:
        raise ConfigError(f"{path}:1: no command of ip makes a macsec device that stays")
    if len(names) > 1:
        first, second = list(names.values())[:2]
        raise ConfigError(
            f"{path}:{second.line}: another device than that of line {first.line}: "
            f"choose one with --device: {', '.join(names)}"
        )
    return next(iter(names.values()))
