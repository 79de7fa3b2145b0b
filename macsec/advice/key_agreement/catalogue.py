"""The known faults of key agreement, the most specific first: title, effect, remedy, source."""

from __future__ import annotations

from typing import NamedTuple

from macsec.enumerations import WordEnum


class Certainty(WordEnum):
    """Degree to which the frames show a fault."""

    SHOWN = "shown"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Effect(WordEnum):
    """The consequence of a fault for the link."""

    NO_LINK = "no link"
    NO_TRAFFIC = "no traffic"
    FLAPS = "flaps"
    CLEAR = "frames in clear"
    WEAKER = "weaker"
    CAPTURE = "capture incomplete"


class Quirk(NamedTuple):
    """A known fault. `change`: the remedy; `source`: a clause, a manual or a report."""

    title: str
    effect: Effect
    change: str
    source: str


class Sign(NamedTuple):
    """A fault that was found. `frame`: of the capture, from 0 on; None: no single frame shows it.

    `change`: a remedy in place of that of the quirk.
    """

    quirk: str
    certainty: Certainty
    frame: int | None
    detail: str
    times: int = 1
    change: str = ""


QUIRKS: dict[str, Quirk] = {
    "no-mkpdu": Quirk(
        "no MKPDU in the capture",
        Effect.NO_LINK,
        "capture on the port itself: a mirror port often leaves out 01-80-C2-00-00-03; check that "
        "MACsec is configured on the port and that the port is up",
        "IEEE 802.1X 11.1.1",
    ),
    "eapol-version": Quirk(
        "EAPOL version below 3",
        Effect.NO_LINK,
        "send EAPOL version 3 (wpa_supplicant: eapol_version=3; IOS XE: eapol version in the MKA "
        "policy)",
        "IEEE 802.1X 11.3.1; wpa_supplicant.conf",
    ),
    "cut-mkpdu": Quirk(
        "MKPDUs cut short",
        Effect.CAPTURE,
        "capture whole frames (tcpdump -s 0); if they are whole, a device on the way cuts them",
        "IEEE 802.1X 11.11.2",
    ),
    "malformed": Quirk(
        "MKPDUs that a receiver has to discard",
        Effect.NO_LINK,
        "update the sender; a receiver by the standard drops these frames",
        "IEEE 802.1X 11.11.2",
    ),
    "ckn-padding": Quirk(
        "one CKN, filled with zeros at one end only",
        Effect.NO_LINK,
        "write the CKN at both ends with all 64 hex digits, zeros included",
        "Cisco CSCvm93602; IEEE 802.1X 9.3.1: the length of a CKN is a part of it",
    ),
    "ckn-text": Quirk(
        "one CKN, as text at one end and as hex digits at the other",
        Effect.NO_LINK,
        "give both ends the same hex digits: one of them reads the characters of the name",
        "IEEE 802.1X 9.3.1",
    ),
    "ckn-mismatch": Quirk(
        "the ends name different CAKs",
        Effect.NO_LINK,
        "configure the same CKN at both ends; with key chains, compare their lifetimes and clocks",
        "IEEE 802.1X 9.4.1",
    ),
    "ckn-one-end": Quirk(
        "a key of a key chain that only one end has",
        Effect.FLAPS,
        "add the key at the other end before the present one expires; compare clocks (NTP)",
        "IEEE 802.1X 9.3.1",
    ),
    "two-chains": Quirk(
        "one key id in two key chains",
        Effect.NO_LINK,
        "give the keys of the primary and of the fallback chain different key ids (CKNs)",
        "Cisco IOS XE, Configuring MACsec: the fallback key id must differ from the primary's",
    ),
    "same-address": Quirk(
        "two members with one SCI",
        Effect.NO_LINK,
        "find the second station with this MAC address and port, or the loop that sends its frames",
        "IEEE 802.1AE 9.9",
    ),
    "destination": Quirk(
        "the members send to different destination addresses",
        Effect.NO_LINK,
        "set one EAPOL destination at both ends (IOS XE: eapol destination-address; Junos: "
        "eapol-address; here: mka destination)",
        "IEEE 802.1X 11.1.1; Cisco IOS XE WAN MACsec; Junos eapol-address",
    ),
    "ethertype": Quirk(
        "the members send EAPOL with different EtherTypes",
        Effect.NO_LINK,
        "set one EtherType at both ends (IOS XE: eapol eth-type 876F; here: mka eapol_ethertype)",
        "Cisco IOS XE WAN MACsec",
    ),
    "vlan-tags": Quirk(
        "MKPDUs in different VLANs",
        Effect.NO_LINK,
        "send MKPDUs with the same tags at both ends: a port either tags them or not",
        "IEEE 802.1X 11.1; IEEE 802.1AE 15",
    ),
    "icv-indicator": Quirk(
        "an ICV Indicator from one end only",
        Effect.NO_LINK,
        "set it alike at both ends (IOS XE, NX-OS: include-icv-indicator; here: "
        "mka include_icv_indicator; wpa_supplicant after 2.11: macsec_icv_indicator)",
        "IEEE 802.1Xbx table 11-7; IOS XR before 6.1.3 and Catalyst 3560-CX insist on it",
    ),
    "wrong-cak": Quirk(
        "different CAKs under one CKN",
        Effect.NO_LINK,
        "enter the CAK anew at the end that is named; digits of a wrong length are cut or filled "
        "by some systems",
        "IEEE 802.1X 9.4.1: an MKPDU with a wrong ICV is discarded",
    ),
    "cak-of-file": Quirk(
        "the members agree, but not with the CAK that was given",
        Effect.CAPTURE,
        "give --cak the CAK that the link uses: nothing of this CA could be verified",
        "IEEE 802.1X 9.4.1",
    ),
    "one-way": Quirk(
        "one member does not hear the other",
        Effect.NO_LINK,
        "check the direction that is named: optics, an EAPOL filter or a storm limit, a bridge "
        "that keeps 01-80-C2-00-00-03, a peer that wants an ICV Indicator",
        "IEEE 802.1X 9.4.2: a member lists what it has accepted",
    ),
    "filtered": Quirk(
        "the members do not hear each other, though their ICVs are right",
        Effect.NO_LINK,
        "look for the device between them that keeps EAPOL (an 802.1D bridge keeps "
        "01-80-C2-00-00-03), and set another destination or EtherType there",
        "IEEE 802.1Q table 8-1",
    ),
    "alone": Quirk(
        "only one member is heard",
        Effect.NO_LINK,
        "check that the other end has MACsec on and is up; a bridge between keeps "
        "01-80-C2-00-00-03: set another destination at both ends",
        "IEEE 802.1X 11.1.1; IEEE 802.1Q table 8-1",
    ),
    "not-desired": Quirk(
        "a member does not want MACsec",
        Effect.CLEAR,
        "turn MACsec on at that end: MACsec Desired off, or capability 0, makes the Key Server "
        "order plain frames",
        "IEEE 802.1X 9.6.1, 11.11.3",
    ),
    "desired-off-in-use": Quirk(
        "a member takes back MACsec Desired once it uses a SAK",
        Effect.FLAPS,
        "update that end; until then make it no Key Server of a should-secure port",
        "Technica MKAdaemon issue 7; IEEE 802.1X 11.11.3",
    ),
    "plain-ordered": Quirk(
        "the Key Server orders plain frames",
        Effect.CLEAR,
        "turn MACsec on at the Key Server, or set must-secure at both ends",
        "IEEE 802.1X 9.10",
    ),
    "no-server": Quirk(
        "no member offers to be Key Server",
        Effect.NO_LINK,
        "let one end be Key Server: a priority below 255, and not passive",
        "IEEE 802.1X 9.5",
    ),
    "server-tie": Quirk(
        "two members distribute SAKs at the same time",
        Effect.FLAPS,
        "give the ends different priorities, the lower number at the end that shall be Key Server",
        "IEEE 802.1X 9.5: the lowest priority, then the lowest SCI",
    ),
    "election": Quirk(
        "a member other than the elected one distributes SAKs",
        Effect.FLAPS,
        "give the ends different priorities: one of them breaks the tie by another rule",
        "IEEE 802.1X 9.5: the lowest priority, then the lowest SCI",
    ),
    "no-sak": Quirk(
        "live peers, and the Key Server distributes no SAK",
        Effect.NO_LINK,
        "look at the log of the Key Server: no common suite, no free hardware, or it waits for an "
        "announcement of its peer",
        "IEEE 802.1X 9.8; Technica MKAdaemon PR 20",
    ),
    "capability": Quirk(
        "a SAK that a member cannot use by its MACsec Capability",
        Effect.NO_TRAFFIC,
        "set a confidentiality offset of 0 at the Key Server, or integrity only if that is all the "
        "member has",
        "IEEE 802.1X 11.11.3; Technica MKAdaemon issue 31",
    ),
    "kn-reuse": Quirk(
        "a Key Number given to two SAKs",
        Effect.NO_TRAFFIC,
        "restart key agreement at the Key Server, so that it takes a new MI, and update it",
        "IEEE 802.1X 9.8; Technica MKAdaemon PR 34",
    ),
    "suite-mismatch": Quirk(
        "a cipher suite that a member does not take",
        Effect.NO_LINK,
        "set a suite that both ends have; wpa_supplicant 2.10 has gcm-aes-128 only, 2.11 "
        "gcm-aes-256 too, neither has XPN",
        "IEEE 802.1AE table 14-1; IEEE 802.1X 11.11.3",
    ),
    "mka-version": Quirk(
        "an XPN SAK for a member of MKA version 1",
        Effect.NO_LINK,
        "set gcm-aes-128 or gcm-aes-256, or update the member: XPN came with MKA version 2",
        "IEEE 802.1Xbx 11.11.3",
    ),
    "two-ans": Quirk(
        "a member takes ANs 0 and 1 only",
        Effect.FLAPS,
        "make that member the Key Server, or set ans: 2 here",
        "SONiC wpa-supplicant PR 47",
    ),
    "sak-not-used": Quirk(
        "a member does not use the SAK that it was given",
        Effect.NO_LINK,
        "look at the log of that member: it has refused the SAK, or its SecY did not take it",
        "IEEE 802.1X 9.10; SONiC wpa-supplicant PRs 108 and 111",
    ),
    "stuck-transmit": Quirk(
        "all members receive, and the Key Server does not transmit",
        Effect.NO_TRAFFIC,
        "restart key agreement at the Key Server: its CP machine waits for a transmit SA",
        "IEEE 802.1X 12.4; SONiC sonic-buildimage issue 28742",
    ),
    "ssci-order": Quirk(
        "SSCIs that do not follow the order of SCIs",
        Effect.NO_TRAFFIC,
        "number SSCIs by SCI, the greatest first (IOS XE: ssci-based-on-sci)",
        "IEEE 802.1AE 10.7.13; Cisco IOS XE ssci-based-on-sci",
    ),
    "no-rekey": Quirk(
        "PNs run out, and no other SAK comes",
        Effect.NO_TRAFFIC,
        "set a rekey interval at the elected Key Server (a timer at the other end does nothing); "
        "see macsec advise rekey",
        "IEEE 802.1X 9.8; SONiC wpa-supplicant 88d1eaea9, sonic-mgmt issue 17818",
    ),
    "slow-hello": Quirk(
        "MKPDUs in too long an interval",
        Effect.FLAPS,
        "set 2 s at both ends (Junos: transmit-interval 2000; here: mka hello_time and life_time)",
        "IEEE 802.1X table 9-3; Junos transmit-interval",
    ),
    "lost-hellos": Quirk(
        "MKPDUs are lost",
        Effect.FLAPS,
        "look for loss before the place of the capture: a policer of the CPU, a full queue; give "
        "EAPOL priority",
        "IEEE 802.1X 9.4.3: three hellos in a row are a Life Time",
    ),
    "delay-protection": Quirk(
        "delay protection with a member that says hello each 2 s",
        Effect.NO_TRAFFIC,
        "turn delay protection on at both ends, or off at both",
        "IEEE 802.1X 9.10.1: bounded hellos each 0.5 s",
    ),
    "replayed": Quirk(
        "an old MKPDU comes again",
        Effect.WEAKER,
        "look for a loop, or a station that replays frames: a receiver discards them",
        "IEEE 802.1X 9.4.2",
    ),
    "restarts": Quirk(
        "a member starts again and again",
        Effect.FLAPS,
        "look at the log of that member: it restarts, or gives up its MI when peers vanish",
        "IEEE 802.1X 9.4.2",
    ),
    "sak-churn": Quirk(
        "SAKs in quick succession",
        Effect.FLAPS,
        "look at the log of the Key Server; a Life Time of 6 s between two SAKs is usual",
        "IEEE 802.1X 9.8; SONiC sonic-mgmt issue 22732",
    ),
    "one-sided": Quirk(
        "a live peer of which no MKPDU is in the capture",
        Effect.CAPTURE,
        "capture both directions: a mirror port often copies one",
        "IEEE 802.1X 9.4.2",
    ),
}
"""Each fault by name; of two signs that are as likely, the first in this order comes first."""
