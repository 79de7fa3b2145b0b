"""Clouds, switches, routers and Linux at the other end of a link.

From public manuals and sources, in our own words. A source that begins with "not confirmed" was
not found in the maker's own text.
"""

from __future__ import annotations

from .limits import PeerSystem, Remark, Response

_AZURE = "https://learn.microsoft.com/azure/expressroute/expressroute-howto-macsec"
_AWS = (
    "https://docs.aws.amazon.com/directconnect/latest/UserGuide/"
    "direct-connect-mac-sec-getting-started.html"
)
_AWS_KEYS = "https://docs.aws.amazon.com/directconnect/latest/UserGuide/MACsec.html"
_GCP = "https://cloud.google.com/network-connectivity/docs/interconnect/concepts/macsec-overview"
_GCP_KEYS = (
    "https://cloud.google.com/network-connectivity/docs/interconnect/how-to/macsec/"
    "rotate-macsec-keys"
)
_IBM = "https://cloud.ibm.com/docs/dl?topic=dl-limitations-macsec"
_IBM_KEYS = "https://cloud.ibm.com/docs/dl?topic=dl-macsec-cak-rotation"
_IOS_XE = "Cisco IOS XE 17.3, Catalyst 9500, Security Configuration Guide: MACsec Encryption"
_C9200 = "Cisco IOS XE 16.12, Catalyst 9200, Configuration Guide: MACsec Encryption"
_WAN = "Cisco IOS XE: WAN MACsec and MKA Support Enhancements"
_NX_OS = "Cisco Nexus 9000 NX-OS Security Configuration Guide: Configuring MACsec"
_EOS = "Arista, MACsec Configuration and Operation (white paper)"
_JUNOS = "Junos OS CLI Reference: security macsec connectivity-association"
_CKN = "Junos OS CLI Reference: ckn"
_SONIC = "SONiC sonic-swss cfgmgr/macsecmgr.cpp"
_PLAN = "SONiC sonic-mgmt docs/testplan/MACsec-test-plan.md"
_WPA = "wpa_supplicant.conf of wpa_supplicant 2.10 and 2.11"
_KERNEL = "Linux drivers/net/macsec.c"

_XPN = "gcm-aes-xpn-128", "gcm-aes-xpn-256"

AZURE = PeerSystem(
    name="azure",
    title="Azure ExpressRoute Direct",
    source=_AZURE,
    cak_as_suite=True,
    keys_most=1,
    fallback=False,
    should_secure=False,
    habits=(
        (
            "mka",
            Remark(
                "mka.cak",
                Response.FLAPS,
                "no key chain and no overlap: the link is down between a change of the port's "
                "secrets and that of the router",
                "change keys in a maintenance window, one of the two links at a time",
                _AZURE,
            ),
        ),
        (
            "xpn",
            Remark(
                "secy.cipher",
                Response.NOTE,
                "ports of 10 Gbit/s may have no XPN suites",
                "ask Microsoft for the suites of the port, or take gcm-aes-256 there",
                "not confirmed: a training page, not Microsoft's own text",
            ),
        ),
        (
            "",
            Remark(
                "secy.send_sci",
                Response.NOTE,
                "the port has a setting of its own, sciState, which is off by default",
                "set sciState of the port as send_sci is here",
                _AZURE,
            ),
        ),
    ),
)
AWS = PeerSystem(
    name="aws",
    title="AWS Direct Connect",
    source=_AWS,
    suites=("gcm-aes-256", "gcm-aes-xpn-256"),
    cak_octets=(32,),
    ckn_octets=(32, 32),
    send_sci=True,
    clear_tags_most=0,
    keys_most=3,
    sources={"keys_most": _AWS_KEYS},
    habits=(
        (
            "not xpn",
            Remark(
                "secy.cipher",
                Response.REFUSES,
                "connections of 100 Gbit/s and 400 Gbit/s have gcm-aes-xpn-256 alone",
                "set gcm-aes-xpn-256, unless the connection has 10 Gbit/s",
                _AWS,
            ),
        ),
    ),
)
GCP = PeerSystem(
    name="gcp",
    title="Google Cloud Interconnect",
    source=_GCP,
    suites=("gcm-aes-256", "gcm-aes-xpn-256"),
    cak_octets=(32,),
    keys_most=5,
    key_spacing_s=6 * 3600,
    fallback=False,
    sources={"keys_most": _GCP_KEYS, "key_spacing_s": _GCP_KEYS, "fallback": _GCP_KEYS},
    habits=(
        (
            "mka",
            Remark(
                "mka.ckn",
                Response.NOTE,
                "Google makes CKN and CAK; a key of one's own cannot be given",
                "take both from the console, or gcloud compute interconnects macsec get-config",
                _GCP,
            ),
        ),
        (
            "chain",
            Remark(
                "mka.keychain",
                Response.NOTE,
                "keys do not expire there; with more than one, all need a start time",
                "remove an old key at both ends once the next one is in use",
                _GCP_KEYS,
            ),
        ),
    ),
)
IBM = PeerSystem(
    name="ibm",
    title="IBM Cloud Direct Link Dedicated",
    source=_IBM,
    suites=_XPN,
    cak_octets=(32,),
    keys_most=1,
    sources={"suites": "IBM Cloud Docs, Direct Link: MACsec, not confirmed for each market"},
    habits=(
        (
            "mka",
            Remark(
                "mka.sak_rekey_interval",
                Response.FLAPS,
                "a SAK that expires while the primary CAK is changed cannot be renewed",
                "set sak_rekey_interval to 0 during a rotation of the CAK",
                _IBM_KEYS,
            ),
        ),
    ),
)
IOS_XE = PeerSystem(
    name="ios-xe",
    title="Cisco IOS XE",
    source=_IOS_XE,
    ckn_filled=32,
    sources={"ckn_filled": "Cisco CSCvm93602"},
    habits=(
        (
            "xpn",
            Remark(
                "secy.cipher",
                Response.FLAPS,
                "without ssci-based-on-sci it numbers SSCIs in its own way: MKA is secured, and no "
                "frame passes",
                "set ssci-based-on-sci in its MKA policy",
                _IOS_XE,
            ),
        ),
        (
            "not 128",
            Remark(
                "secy.cipher",
                Response.REFUSES,
                "Catalyst 9200 has 128 bits only; others need a licence for 256 bits and XPN",
                "set gcm-aes-128, or check the licence (Network Advantage)",
                _C9200,
            ),
        ),
        (
            "mka",
            Remark(
                "mka.include_icv_indicator",
                Response.NOTE,
                "Catalyst 3560-CX and older ones discard an MKPDU without an ICV Indicator",
                "set include_icv_indicator: on if the peer lists no member",
                "IEEE 802.1Xbx table 11-7; hostap 23693c9da",
            ),
        ),
        (
            "chain",
            Remark(
                "mka.keychain",
                Response.FLAPS,
                "a fallback key with a key id of the primary chain takes its session down",
                "give each key, the fallback included, a CKN of its own",
                _WAN,
            ),
        ),
    ),
)
NX_OS = PeerSystem(
    name="nx-os",
    title="Cisco NX-OS, Nexus 9000",
    source=_NX_OS,
    suites=_XPN,
    ckn_filled=32,
    window_most=596_000_000,
    rekey_s=(60, 2_592_000),
    sources={
        "window_most": f"{_NX_OS}: window-size",
        "rekey_s": f"{_NX_OS}: sak-expiry-time",
    },
    habits=(
        (
            "chain",
            Remark(
                "mka.keychain",
                Response.FLAPS,
                "a time without an active key drops the session",
                "let the lifetimes of keys overlap at both ends",
                _NX_OS,
            ),
        ),
        (
            "should",
            Remark(
                "mka.policy",
                Response.NOTE,
                "its own default is should-secure, on Nexus 7000 must-secure alone",
                "set security-policy as policy is here",
                _NX_OS,
            ),
        ),
    ),
)
EOS = PeerSystem(
    name="eos",
    title="Arista EOS",
    source=_EOS,
    habits=(
        (
            "",
            Remark(
                "secy.send_sci",
                Response.NOTE,
                "the SCI in frames is a setting of the profile",
                "set sci in its MACsec profile as send_sci is here",
                "not confirmed: no manual at hand",
            ),
        ),
        (
            "mka",
            Remark(
                "mka.policy",
                Response.NOTE,
                "it keeps the last SAK in use, or passes frames in clear, as its profile says",
                "set traffic unprotected drop for must-secure",
                "openconfig-macsec pull request 1456; not confirmed by a manual",
            ),
        ),
    ),
)
JUNOS = PeerSystem(
    name="junos",
    title="Juniper Junos OS",
    source=_JUNOS,
    ckn_filled=32,
    cak_as_suite=True,
    static_saks=True,
    window_most=65_535,
    sources={
        "ckn_filled": _CKN,
        "cak_as_suite": "Junos OS CLI Reference: cak",
        "window_most": "Junos OS CLI Reference: replay-window-size",
        "static_saks": "Junos OS CLI Reference: security-association",
    },
    habits=(
        (
            "mka",
            Remark(
                "mka.hello_time",
                Response.FLAPS,
                "transmit-interval is 2 s, on SRX 10 s by default: longer than a Life Time of 6 s",
                "set transmit-interval 2000 there, or hello_time and life_time here",
                "Junos OS CLI Reference: transmit-interval",
            ),
        ),
        (
            "not sci",
            Remark(
                "secy.send_sci",
                Response.NOTE,
                "EX4300 and most others need the SCI in frames (include-sci)",
                "set send_sci: on here and include-sci there",
                "Junos OS CLI Reference: include-sci",
            ),
        ),
    ),
)
SONIC = PeerSystem(
    name="sonic",
    title="SONiC",
    source=_SONIC,
    offsets=(0,),
    cak_as_suite=True,
    clear_tags_most=0,
    keys_most=1,
    should_secure=False,
    delay_protection=False,
    group_only=True,
    profile="sonic",
    sources={"keys_most": _PLAN},
    habits=(
        (
            "mka",
            Remark(
                "mka.sak_rekey_interval",
                Response.NOTE,
                "rekey_period acts at the elected Key Server alone",
                "set it at the end that is Key Server: the lower priority",
                "SONiC sonic-mgmt issue 17818",
            ),
        ),
        (
            "xpn",
            Remark(
                "mka.ans",
                Response.NOTE,
                "some of its hardware has two SAs for an SC",
                "make it Key Server, or set ans: 2",
                "SONiC wpa-supplicant PR 47",
            ),
        ),
    ),
)
LINUX = PeerSystem(
    name="linux",
    title="Linux: the kernel, wpa_supplicant",
    source=_WPA,
    suites=("gcm-aes-128", "gcm-aes-256"),
    offsets=(0,),
    clear_tags_most=0,
    static_saks=True,
    keys_most=1,
    fallback=False,
    delay_protection=False,
    group_only=True,
    profile="linux",
    sources={
        "offsets": _KERNEL,
        "clear_tags_most": _KERNEL,
        "static_saks": "ip-macsec(8), systemd.netdev(5)",
    },
    habits=(
        (
            "256",
            Remark(
                "secy.cipher",
                Response.REFUSES,
                "wpa_supplicant has gcm-aes-256 from 2.11 on (macsec_csindex=1); 2.10 has not",
                "set gcm-aes-128, or install 2.11",
                _WPA,
            ),
        ),
    ),
)

SYSTEMS: dict[str, PeerSystem] = {
    system.name: system
    for system in (AZURE, AWS, GCP, IBM, IOS_XE, NX_OS, EOS, JUNOS, SONIC, LINUX)
}
"""Systems by name."""
