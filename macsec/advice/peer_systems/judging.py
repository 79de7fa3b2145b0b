"""A configuration against the limits of the system at the other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from macsec.config import Configuration
from macsec.config.model import MkaSection
from macsec.secy import PROFILES
from macsec.secy.profiles.switches import is_documented, reading
from macsec.suites import SUITES
from macsec.terms import ETHERTYPE_EAPOL
from macsec.time_units import NS_PER_S

from .limits import PeerSystem, Remark, Response

_PAE = bytes.fromhex("0180C2000003")
_RESPONSES = [*Response]


def judge(config: Configuration, system: PeerSystem) -> list[Remark]:
    """Return what the other end refuses first, then what makes the link flap, then notes."""
    remarks = [*_of_secy(config, system), *_of_profile(config, system)]
    if config.mka is None:
        remarks += _without_agreement(system)
    else:
        remarks += [*_of_keys(config, config.mka, system), *_of_agreement(config.mka, system)]
    remarks += [remark for needs, remark in system.habits if _NEEDS[needs](config)]
    return sorted(dict.fromkeys(remarks), key=lambda remark: _RESPONSES.index(remark.response))


def _refused(system: PeerSystem, limit: str, setting: str, text: str, change: str) -> Remark:
    return Remark(setting, Response.REFUSES, text, change, system.source_of(limit))


def _of_secy(config: Configuration, system: PeerSystem) -> Iterator[Remark]:
    secy = config.secy
    if secy.cipher not in system.suites:
        text = f"{secy.cipher}: it has {', '.join(system.suites)}"
        change = f"set cipher: {system.suites[-1]}"
        yield _refused(system, "suites", "secy.cipher", text, change)
    if secy.offset not in system.offsets:
        text = f"a confidentiality offset of {secy.offset}"
        yield _refused(system, "offsets", "secy.offset", text, "set offset: 0")
    if system.send_sci is not None and secy.send_sci != system.send_sci:
        wanted = "on" if system.send_sci else "off"
        text = f"frames {'without' if system.send_sci else 'with'} an SCI"
        yield _refused(system, "send_sci", "secy.send_sci", text, f"set send_sci: {wanted}")
    if secy.clear_tags > system.clear_tags_most:
        text = f"{secy.clear_tags} VLAN tags in clear before the SecTAG"
        change = f"set clear_tags: {system.clear_tags_most}"
        yield _refused(system, "clear_tags_most", "secy.clear_tags", text, change)
    if not secy.encrypt and not system.integrity_only:
        yield _refused(
            system, "integrity_only", "secy.encrypt", "integrity alone", "set encrypt: on"
        )
    if system.window_most is not None and secy.window > system.window_most:
        text = f"its window is at most {system.window_most}: it drops frames that this end takes"
        change = f"set window: {system.window_most}"
        source = system.source_of("window_most")
        yield Remark("secy.window", Response.NOTE, text, change, source)


def _of_profile(config: Configuration, system: PeerSystem) -> Iterator[Remark]:
    """Yield what the behaviour profile of its data plane makes of this configuration."""
    if system.profile is None:
        return
    profile, secy = PROFILES[system.profile], config.secy
    if secy.icv_length not in profile.icv_lengths:
        text = f"an ICV of {secy.icv_length} octets"
        change = f"set icv_length: {profile.icv_lengths[-1]}"
        yield Remark("secy.icv_length", Response.REFUSES, text, change, f"profile {profile.name}")
    applies = {
        "window_from_next_pn": SUITES[secy.cipher].xpn and secy.window > 0,
        "disabled_decrypts": secy.validate_frames == "disabled",
        "no_peer_silent": len(config.rx) > 1 and not (secy.send_sci or secy.end_station),
        "refuse_e0_c1": not secy.encrypt and secy.icv_length != 16,
    }
    for switch, applied in applies.items():
        differs = getattr(profile, switch) != getattr(PROFILES["ieee"], switch)
        if applied and differs and is_documented(profile, switch):
            text, source = reading(profile, switch)
            change = f"try it first: macsec profiles diff ieee {profile.name}"
            yield Remark(f"profile.{switch}", Response.FLAPS, text, change, source)


def _without_agreement(system: PeerSystem) -> Iterator[Remark]:
    if not system.static_saks:
        yield _refused(
            system, "static_saks", "mka", "static SAKs: it has key agreement only", "add mka"
        )


def _of_keys(config: Configuration, mka: MkaSection, system: PeerSystem) -> Iterator[Remark]:
    least, most = system.ckn_octets
    for key in mka.caks:
        if key.ckn is None:
            continue
        length = len(key.ckn)
        if not least <= length <= most:
            octets = f"{most}" if least == most else f"{least} to {most}"
            text = f"a CKN of {length} octets: it takes {octets}"
            yield _refused(system, "ckn_octets", "mka.ckn", text, f"give it {2 * most} hex digits")
        elif system.ckn_filled is not None and length < system.ckn_filled:
            text = f"it fills a CKN of {length} octets to {system.ckn_filled}: another name"
            change = f"write {2 * system.ckn_filled} hex digits here, zeros at the end included"
            yield _refused(system, "ckn_filled", "mka.ckn", text, change)
        yield from _of_length(config, key.cak, system)
    chain = [key for key in mka.keychain if not key.fallback]
    keys = len(chain) + bool(mka.holders)
    if system.keys_most is not None and keys > system.keys_most:
        text = f"{keys} CAKs: it has at most {system.keys_most}"
        yield _refused(
            system, "keys_most", "mka.keychain", text, "keep the CAKs that both ends have"
        )
    if not system.fallback and len(chain) < len(mka.keychain):
        yield _refused(
            system, "fallback", "mka.keychain", "a fallback: it has none", "remove the fallback"
        )
    starts = sorted(key.start.ns for key in chain)
    gaps = [after - before for before, after in pairwise(starts)]
    if gaps and min(gaps) < system.key_spacing_s * NS_PER_S:
        text = f"start times less than {system.key_spacing_s // 3600} h apart"
        change = f"let keys start at least {system.key_spacing_s // 3600} h apart"
        yield _refused(system, "key_spacing_s", "mka.keychain", text, change)


def _of_length(config: Configuration, cak: object, system: PeerSystem) -> Iterator[Remark]:
    """Yield a remark on the length of a CAK in the file; that of a reference is not known."""
    inline = getattr(cak, "inline", None)
    if inline is None:
        return
    length, wanted = len(inline), system.cak_octets
    if system.cak_as_suite:
        wanted = (SUITES[config.secy.cipher].key_length,)
    if length not in wanted:
        octets = " or ".join(map(str, wanted))
        limit = "cak_as_suite" if system.cak_as_suite else "cak_octets"
        text = f"a CAK of {length} octets: it takes {octets}"
        yield _refused(system, limit, "mka.cak", text, f"make a CAK of {octets} octets")


def _of_agreement(mka: MkaSection, system: PeerSystem) -> Iterator[Remark]:
    if mka.policy == "should-secure" and not system.should_secure:
        text = "should-secure: it passes no frame in clear"
        source = system.source_of("should_secure")
        yield Remark("mka.policy", Response.NOTE, text, "set policy: must-secure", source)
    if mka.delay_protection and not system.delay_protection:
        text = "delay protection: it says hello each 2 s, so that frames are dropped as late"
        source = system.source_of("delay_protection")
        change = "set delay_protection: off"
        yield Remark("mka.delay_protection", Response.FLAPS, text, change, source)
    wan = mka.destination != _PAE or mka.eapol_ethertype != ETHERTYPE_EAPOL
    if wan and system.group_only:
        text = "EAPOL with another destination or EtherType"
        change = "set destination: pae and eapol_ethertype: 888e"
        yield _refused(system, "group_only", "mka.destination", text, change)
    interval = mka.sak_rekey_interval
    if interval and system.rekey_s is not None:
        least, most = system.rekey_s
        if not least <= interval <= most:
            text = f"its own interval of rekeying is {least} to {most} s"
            source = system.source_of("rekey_s")
            change = f"set sak_rekey_interval of {least} to {most}, or 0"
            yield Remark("mka.sak_rekey_interval", Response.NOTE, text, change, source)
    life_s = mka.life_time or 6
    if mka.hello_time > 2 or life_s < 6:
        text = f"hellos each {mka.hello_time} s here: a Life Time of 6 s there bears less loss"
        yield Remark(
            "mka.hello_time",
            Response.FLAPS,
            text,
            "set hello_time: 2, life_time: 6",
            "IEEE 802.1X table 9-3",
        )


def _xpn(config: Configuration) -> bool:
    return SUITES[config.secy.cipher].xpn


_NEEDS: dict[str, Callable[[Configuration], bool]] = {
    "": lambda _: True,
    "xpn": _xpn,
    "not xpn": lambda config: not _xpn(config),
    "128": lambda config: config.secy.cipher == "gcm-aes-128",
    "not 128": lambda config: config.secy.cipher != "gcm-aes-128",
    "256": lambda config: config.secy.cipher == "gcm-aes-256" and config.mka is not None,
    "mka": lambda config: config.mka is not None,
    "should": lambda config: config.mka is not None and config.mka.policy == "should-secure",
    "chain": lambda config: config.mka is not None and len(config.mka.caks) > 1,
    "not sci": lambda config: not config.secy.send_sci,
}
"""Conditions of habits by name."""
