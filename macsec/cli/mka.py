"""`macsec mka`: key agreement on running interfaces and in captures."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import click

from macsec.advice.key_agreement import Evidence, Observed, examine, examine_running
from macsec.cli.lab import choice
from macsec.cli.shared import completing, options
from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.files.capture_io import Stream, open_stream
from macsec.cli.shared.keys.cak_files import holders_in
from macsec.cli.shared.ports.changes import ChangeRequest, request_changes
from macsec.config import scalars
from macsec.config.caks import CAK_LENGTHS, load_caks
from macsec.config.sources import KeyRing, KeySource
from macsec.errors import ConfigError, MACsecError
from macsec.kay.keys.keychain import Activate
from macsec.kay.listening.listener import Listener
from macsec.kay.listening.story import Stories
from macsec.kay.policy import LIFE_TIME_MOST_S, SUSPENSIONS_S
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.keys import Key
from macsec.live.local.lab_state import CONTROL as LAB_CONTROL
from macsec.live.local.lab_state import found, require_root
from macsec.live.local.tap_sockets import CONTROL, STATUS, ask, names, path_of
from macsec.offline.decrypt import eapol_rows
from macsec.report.mka import capture as capture_report
from macsec.report.mka import doctor as doctor_report
from macsec.report.mka import status as status_report
from macsec.report.mka.capture import Account
from macsec.report.mka.message import Message
from macsec.report.mka.page import to_html
from macsec.report.page import Page
from macsec.time_units import NS_PER_S

NO_TAP = "no macsec tap --mka runs in this network namespace"


_life_time = click.option(
    "--life-time",
    type=options.Reals(1, LIFE_TIME_MOST_S),
    default=MKA_LIFE_TIME_NS / NS_PER_S,
    show_default=True,
    metavar="SECONDS",
    help="The Life Time of its members (life_time): silent for longer is an event.",
)


@click.group("mka", short_help="Show key agreement in captures and on interfaces.")
def command() -> None:
    """Show MACsec Key Agreement (IEEE 802.1X) on running interfaces and in captures."""


@command.command("status", short_help="Show key agreement on running interfaces.")
@click.argument(
    "name",
    metavar="[NAME]",
    required=False,
    shell_complete=completing.names(completing.taps),
)
@options.json_data
def status(name: str | None, as_json: bool) -> None:
    """Show the state of key agreement of NAME, a running tap --mka, or of all in this namespace.

    Names are those of wpa_supplicant (wpa_cli status, mib) and OpenConfig; no key is shown. Exit 1
    if none runs. It needs root.
    """
    wanted = names() if name is None else [name]
    answers = [answer for each in wanted if (answer := ask(each, STATUS)) is not None]
    if not answers:
        where = "" if name is None else f"{name}: "
        raise MACsecError(f"{where}{NO_TAP}")
    taps = [json.loads(answer) for answer in answers]
    if as_json:
        click.echo(json.dumps({"schema": status_report.SCHEMA, "taps": taps}))
    else:
        status_report.to_page(Page(stdout()), taps)


@command.command("set", short_help="Change a running port.")
@click.argument("port", metavar="NAME", shell_complete=completing.names(completing.taps))
@choice.named("The lab of a port LINK:SITE, of any user and folder: see macsec lab list.")
@click.option(
    "--cak",
    metavar="FILE",
    help="Take the CAKs of FILE, CKN to CAK in YAML; with --ckn one CAK: file:PATH or fd:N.",
)
@click.option("--ckn", metavar="HEX", help="The CKN of the CAK that --cak names.")
@click.option("--now", "at_once", is_flag=True, help="Remove the present CAKs at once.")
@click.option("-c", "--profile", type=options.FILE, metavar="FILE", help="Another configuration.")
@click.option("--disable", multiple=True, metavar="CKN", help="Stop the participant of a CAK.")
@click.option("--enable", multiple=True, metavar="CKN", help="Start it again.")
@click.option(
    "--activate",
    type=(str, click.Choice([each.value for each in Activate])),
    multiple=True,
    metavar="CKN WHEN",
    help="When a CAK has a participant: always, or onOperUp, until it has no partner.",
)
@click.option("--macsec", type=click.Choice(["on", "off"]), help="off: frames pass in clear.")
@click.option("--clear-counters", is_flag=True, help="Set the counters to zero.")
@click.option(
    "--suspend",
    type=click.IntRange(SUSPENSIONS_S[0], SUSPENSIONS_S[-1]),
    metavar="SECONDS",
    help="Suspend key agreement for an in-service upgrade; 0 ends it.",
)
@click.option("--new-group", is_flag=True, help="Make another group CAK and distribute it.")
@options.json_data
def change(
    port: str,
    name: str | None,
    folder: str | None,
    cak: str | None,
    ckn: str | None,
    at_once: bool,
    profile: str | None,
    disable: tuple[str, ...],
    enable: tuple[str, ...],
    activate: tuple[tuple[str, str], ...],
    macsec: str | None,
    clear_counters: bool,
    suspend: int | None,
    new_group: bool,
    as_json: bool,
) -> None:
    """Change NAME, a running tap --mka of this user, or LINK:SITE, a port of a lab that is up.

    New CAKs are used from now on, beside the present ones: these are removed, except a fallback,
    once a new one has carried the traffic for 6 s, or at once with --now. A profile takes the place
    of secy and mka, CAKs included; the port is closed until it is secured anew, and keeps its SCI.

    With --suspend all members keep NAME for these seconds while it sends no MKPDU; frames go on. It
    needs a Key Server whose suspension_limit allows it.

    With --new-group NAME, the Key Server of all its pairwise CAs, makes a CAK for their members and
    distributes it: they become one CA. A member that leaves is shut out by another group CAK.

    Nothing is written to a file: the next start has the configuration that it names.

    A port of a lab is named as in --events. Without --name or --state it is one of the only lab
    that the same user (under sudo the one that called it) started from the same working folder.
    """
    where = _control_of(port, folder, name)
    caks = _new_caks(cak, ckn)
    request = ChangeRequest(
        port=port,
        profile=None if profile is None else os.path.abspath(profile),
        caks=[(each.hex(), len(key)) for each, key in caks],
        at_once=at_once,
        disable=[_ckn(each).hex() for each in disable],
        enable=[_ckn(each).hex() for each in enable],
        activate=[(_ckn(each).hex(), when) for each, when in activate],
        macsec=None if macsec is None else macsec == "on",
        clear_counters=clear_counters,
        suspend=suspend,
        new_group=new_group,
    )
    if request == ChangeRequest(port=port, at_once=at_once):
        raise click.UsageError("nothing to change: give --cak, --profile, --disable or the like")
    try:
        answer = request_changes(port, where, request, [key for _, key in caks])
    finally:
        for _, key in caks:
            key.wipe()
    if answer is None:
        none = "the lab takes no changes" if _of_lab(port) else NO_TAP
        raise MACsecError(f"{port}: {none}")
    if as_json:
        click.echo(json.dumps({"schema": "macsec/mka-set/1", "upper": port, **answer}))
        return
    for text in answer["changes"]:
        say(f"{port}: {text}")
    say(f"{port}: {answer['reason']}")


def _of_lab(port: str) -> bool:
    """Return whether a name is that of a lab's port: no interface has a colon."""
    return ":" in port


def _control_of(port: str, folder: str | None, name: str | None) -> str:
    """Return the path of the socket that takes the changes of a port."""
    if not _of_lab(port):
        if folder is not None or name is not None:
            raise click.UsageError("--name and --state are of a lab, whose ports are LINK:SITE")
        return path_of(port, CONTROL)
    require_root()
    lab = choice.folder_of(folder, name, lambda: choice.own(choice.labs_up()))
    found(lab)
    return os.path.join(lab, LAB_CONTROL)


def _new_caks(source: str | None, ckn: str | None) -> list[tuple[bytes, Key]]:
    """Return the CAKs of `--cak`, each with its CKN. Raises ConfigError, which repeats no key."""
    if source is None:
        if ckn is not None:
            raise click.UsageError("--ckn names the CAK of --cak")
        return []
    if re.fullmatch(r"([0-9A-Fa-f]{2}[:.-]?){16,32}", source):
        raise click.UsageError("--cak names a file: a key is never given on the command line")
    if ckn is None:
        found = load_caks(source.removeprefix("file:"))
        return [(name, key) for name, keys in found.items() for key in keys]
    reference = source if source.startswith(("file:", "fd:", "env:")) else f"file:{source}"
    with KeyRing(Path()) as ring:
        key = Key(ring.key(KeySource.reference_of(reference)).expose())
    if len(key) not in CAK_LENGTHS:
        raise ConfigError(f"--cak: a CAK has 16 or 32 octets, {len(key)} given")
    return [(_ckn(ckn), key)]


def _ckn(text: str) -> bytes:
    try:
        return scalars.ckn(text)
    except ValueError as error:
        raise click.UsageError(f"CKN: {error}") from None


@command.command("explain", short_help="Explain the key agreement in a capture.")
@click.argument("source", metavar="CAPTURE", type=options.FILE)
@options.caks
@click.option("--messages", is_flag=True, help="Also print every message on a line.")
@_life_time
@page_file.option("Write a page: the messages as a ladder, members, SAKs, events.")
@options.json_data
@options.fcs
def explain(
    source: str,
    caks: str | None,
    messages: bool,
    life_time: float,
    report: str | None,
    as_json: bool,
    fcs: str,
) -> None:
    """Decode the MKPDUs of CAPTURE and explain what happened: members, Key Servers, SAKs, rekeys.

    With --cak, ICVs are checked and SAKs are unwrapped; of a SAK only the check value is shown.
    Without it nothing is verified. VLAN tags before the EtherType are skipped.
    """
    page_file.refuse_double(report, source)
    listener = Listener([] if caks is None else holders_in(caks))
    try:
        with open_stream("mka explain", source, fcs, "auto", quiet=False) as stream:
            account = _listen(stream, listener, source, round(life_time * NS_PER_S))
            if report is not None:
                page_file.save(report, to_html(account, page_file.origin()))
            if as_json:
                click.echo(json.dumps(capture_report.to_json(account)))
            else:
                capture_report.to_page(Page(stdout()), account, messages)
    finally:
        listener.wipe()
    stream.check()


def _listen(stream: Stream, listener: Listener, source: str, life_ns: int) -> Account:
    stories, messages = Stories(life_ns), []
    frames, start_ns = 0, None
    for batch in stream:
        frames = stream.rows + len(batch)
        if start_ns is None and len(batch):
            start_ns = int(batch.time_ns[0])
        for row in eapol_rows(batch).tolist():
            message = Message(stream.rows + row, int(batch.time_ns[row]), listener.hear(batch[row]))
            messages.append(message)
            stories.hear(message.heard, message.index, message.time_ns)
    return Account(source, frames, start_ns or 0, messages, stories)


@command.command("doctor", short_help="Name the likeliest faults of a key agreement.")
@click.argument("source", metavar="[CAPTURE]", type=options.FILE, required=False)
@click.option(
    "--tap", "tap", metavar="NAME", help="A running macsec tap --mka, in place of CAPTURE."
)
@options.caks
@_life_time
@click.option("--strict", is_flag=True, help="Exit 3 if there is a finding.")
@options.json_data
@options.fcs
def doctor(
    source: str | None,
    tap: str | None,
    caks: str | None,
    life_time: float,
    strict: bool,
    as_json: bool,
    fcs: str,
) -> int:
    """Name the faults that the MKPDUs of CAPTURE show, the likeliest first, and how to mend them.

    Each finding has the frame that shows it, numbered as here (from 0) and as in Wireshark (from
    1). With --cak, ICVs are checked: a wrong CAK is then shown, and otherwise only likely.

    With --tap, the counters of a running port are examined in place of frames. It needs root.
    """
    if (source is None) == (tap is None):
        raise click.UsageError("give either CAPTURE or --tap NAME")
    if source is None:
        if caks is not None:
            raise click.UsageError("--cak is for a capture: the tap has its CAKs")
        examined = _examine_tap(str(tap))
    else:
        examined = _examine_capture(source, caks, round(life_time * NS_PER_S), fcs)
    if as_json:
        click.echo(json.dumps(doctor_report.to_json(examined)))
    else:
        doctor_report.to_page(Page(stdout()), examined)
    return REFUSED if strict and examined.signs else GOOD


def _examine_tap(name: str) -> doctor_report.Examined:
    answer = ask(name, STATUS)
    if answer is None:
        raise MACsecError(f"{name}: {NO_TAP}")
    status = json.loads(answer)["mka"]
    return doctor_report.Examined(name, examine_running(status), 0, 0, reason=status["reason"])


def _examine_capture(
    source: str, caks: str | None, life_ns: int, fcs: str
) -> doctor_report.Examined:
    listener = Listener([] if caks is None else holders_in(caks))
    observed: list[Observed] = []
    try:
        with open_stream("mka doctor", source, fcs, "auto", quiet=True) as stream:
            frames, start_ns = 0, 0
            for batch in stream:
                start_ns = start_ns or (int(batch.time_ns[0]) if len(batch) else 0)
                frames = stream.rows + len(batch)
                for row in eapol_rows(batch).tolist():
                    octets, time_ns = bytes(batch[row]), int(batch.time_ns[row])
                    heard = listener.hear(octets)
                    observed.append(Observed(stream.rows + row, time_ns, octets, heard))
        evidence = Evidence(observed, life_ns)
        stream.check()
        return doctor_report.Examined(
            source,
            examine(evidence),
            frames,
            sum(each.heard.mkpdu is not None for each in observed),
            verified=caks is not None,
            seconds={each.frame: (each.time_ns - start_ns) / NS_PER_S for each in observed},
        )
    finally:
        listener.wipe()
