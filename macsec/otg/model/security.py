"""Secure entities: data plane, key agreement, static keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from .base import Choice, Part
from .field_types import Count, Hex, HexNumber, Mac, Positive, Secret, key, only

Cipher = Literal["gcm_aes_128", "gcm_aes_256", "gcm_aes_xpn_128", "gcm_aes_xpn_256"]
_DEFAULT_KEY = "F123456789ABCDEF0123456789ABCDEF"
_OWN_PN = "packet numbers are never fixed or repeated under a key"


class Offset(Part):
    """A time of a key chain; hours and minutes from the start of key agreement."""

    hh: Count = 0
    mm: Annotated[int, Field(ge=0, le=59)] = 0

    @property
    def seconds(self) -> int:
        """The same in seconds."""
        return (self.hh * 60 + self.mm) * 60


class Psk(Part):
    """A CAK and its CKN."""

    cak_value: Secret = Field(default_factory=lambda: key(_DEFAULT_KEY), repr=False)
    cak_name: Annotated[Hex, Field(min_length=1, max_length=32)] = b"\xab\xcd"
    start_offset_time: Offset = Offset()
    end_offset_time: Offset = Offset()


class PskSource(Part):
    """The CAKs."""

    choice: Literal["psk"] = "psk"
    psks: Annotated[list[Psk], Field(min_length=1)]


class Suites(Part):
    """The Cipher Suites that a member accepts."""

    gcm_aes_128: bool = True
    gcm_aes_256: bool = True
    gcm_aes_xpn_128: bool = True
    gcm_aes_xpn_256: bool = True


class TimerBased(Part):
    """Rekeys at an interval, in seconds."""

    choice: Literal["continuous"] = "continuous"
    interval: Annotated[int, Field(ge=30, le=65535)] = 300


class RekeyMode(Choice):
    """When the Key Server distributes another SAK; before the last PN it does always."""

    choice: Literal["dont_rekey", "timer_based", "pn_based"] = "dont_rekey"
    timer_based: TimerBased = TimerBased()


class MkaBasic(Part):
    """The policy of a KaY."""

    key_derivation_function: Literal["aes_cmac_128", "aes_cmac_256"] = "aes_cmac_128"
    key_source: PskSource
    actor_priority: Annotated[HexNumber, Field(le=255)] = 0x70
    macsec_desired: bool = True
    macsec_capability: Literal[
        "macsec_not_implemented",
        "macsec_integrity_without_confidentiality",
        "macsec_integrity_with_no_confidentiality_offset",
        "macsec_integrity_with_confidentiality_offset",
    ] = "macsec_integrity_with_confidentiality_offset"
    supported_cipher_suites: Suites = Suites()
    eapol_ethernet_type: HexNumber = 0x888E
    mka_version: Annotated[
        int,
        only(
            3,
            "the KaY implements version 3 and cannot be limited to an older one; its MKPDUs say 1 "
            "unless their parameter sets need 3",
        ),
    ] = 3
    mka_hello_time: Annotated[int, Field(ge=500, le=10_000)] = 2000
    mka_life_time: Annotated[int, Field(ge=1, le=255)] = 6
    send_icv_indicatior_in_mkpdu: bool = True
    delay_protect: bool = False
    rekey_mode: RekeyMode = RekeyMode()

    @field_validator("mka_hello_time")
    @classmethod
    def _whole_seconds(cls, value: int) -> int:
        if value % 1000:
            raise ValueError("expected whole seconds, such as 1000 or 2000")
        return value


class KeyServerSettings(Part):
    """The protection that a Key Server chooses."""

    confidentialty_offset: Literal[
        "no_confidentiality",
        "no_confidentiality_offset",
        "confidentiality_offset_30_octets",
        "confidentiality_offset_50_octets",
    ] = "no_confidentiality_offset"
    cipher_suite: Cipher = "gcm_aes_128"
    starting_key_number: Annotated[int, only(1, "the Key Number of a first SAK")] = 1
    starting_distributed_an: Annotated[int, only(0, "the AN of a first SAK")] = 0
    rekey_threshold_pn: Annotated[
        HexNumber, only(0xC0000000, "PendingPNExhaustion (802.1X 9.8)")
    ] = 0xC0000000
    rekey_threshold_xpn: Annotated[
        HexNumber, only(0xC000000000000000, "PendingPNExhaustion (802.1X 9.8)")
    ] = 0xC000000000000000


class MkaChannel(Part):
    """The SCI of a member."""

    name: str
    system_id: Mac
    port_id: Annotated[int, Field(ge=1, le=65535)] = 1
    starting_message_number: Annotated[int, only(1, "the first Message Number")] = 1


class MkaTransmit(Part):
    """The transmit SC of a member."""

    secure_channels: Annotated[list[MkaChannel], Field(min_length=1, max_length=1)]


class MkaEntity(Part):
    """A KaY."""

    name: str
    basic: MkaBasic
    key_server: KeyServerSettings = KeyServerSettings()
    tx: MkaTransmit


class StaticSak(Part):
    """A SAK, with SSCI and Salt for the XPN suites; its AN is its place in the list."""

    sak: Secret = Field(default_factory=lambda: key(_DEFAULT_KEY), repr=False)
    ssci: Annotated[HexNumber, Field(ge=1, lt=1 << 32)] = 1
    salt: Annotated[Hex, Field(min_length=12, max_length=12)] = bytes(11) + b"\x01"


_Saks = Annotated[list[StaticSak], Field(min_length=1, max_length=4)]


class StaticTransmitChannel(Part):
    """A transmit SC."""

    system_id: Mac
    port_id: Annotated[int, Field(ge=1, le=65535)] = 1
    saks: _Saks


class StaticRekeyMode(Part):
    """The first SAK is used all the time."""

    choice: Literal["dont_rekey"] = "dont_rekey"


class StaticTransmit(Part):
    """The transmit side of a SecY with static keys."""

    secure_channels: Annotated[list[StaticTransmitChannel], Field(min_length=1, max_length=1)]
    rekey_mode: StaticRekeyMode = StaticRekeyMode()


class StaticReceiveChannel(Part):
    """A receive SC: that of the other end."""

    dut_sci_system_id: Mac
    dut_sci_port_id: Annotated[int, Field(ge=1, le=65535)] = 1
    dut_msb_xpn: Annotated[int, only(0, "packet numbers start at 1")] = 0
    saks: _Saks


class StaticReceive(Part):
    """The receive side of a SecY with static keys."""

    secure_channels: Annotated[list[StaticReceiveChannel], Field(min_length=1)]


class StaticKey(Part):
    """A SecY with static keys."""

    cipher_suite: Cipher = "gcm_aes_128"
    confidentiality: bool = True
    confidentiality_offset: Literal["zero", "thirty", "fifty"] = "zero"
    tx: StaticTransmit
    rx: StaticReceive


class KeyGeneration(Choice):
    """Source of the SAKs of a SecY."""

    choice: Literal["mka", "static_key"] = "mka"
    mka: MkaEntity | None = None
    static_key: StaticKey | None = None


class StartingPn(Part):
    """The first packet number of the first transmit SA."""

    starting_pn: Positive = 1
    starting_xpn: HexNumber = 1


class HardwareAcceleration(Part):
    """Place of the cipher."""

    choice: Annotated[str, only("none", "test ports have no hardware")] = "none"


class EncryptDecrypt(Part):
    """A SecY that protects and validates."""

    tx_pn: StartingPn = StartingPn()
    hardware_acceleration: HardwareAcceleration = HardwareAcceleration()


class CryptoEngine(Choice):
    """The engine of a SecY."""

    choice: Annotated[str, only("encrypt_decrypt", _OWN_PN)] = Field(
        "encrypt_only", validate_default=True
    )
    encrypt_decrypt: EncryptDecrypt = EncryptDecrypt()


class DataPlaneTransmit(Part):
    """The SecTAGs that are sent."""

    end_station: bool = False
    include_sci: bool = True


class DataPlaneReceive(Part):
    """Replay protection."""

    replay_protection: bool = False
    replay_window: Annotated[int, Field(ge=1, lt=1 << 32)] = 1


class VlanOptions(Part):
    """VLAN tags of the interface: in the protected part, or in clear."""

    encrypt_interface_vlans: bool = True


class Encapsulation(Part):
    """The SecY."""

    tx: DataPlaneTransmit = DataPlaneTransmit()
    rx: DataPlaneReceive = DataPlaneReceive()
    crypto_engine: CryptoEngine
    vlan_options: VlanOptions = VlanOptions()


class DataPlaneSettings(Choice):
    """Frames of users with MACsec, or without."""

    choice: Literal["encapsulation", "no_encapsulation"] = "encapsulation"
    encapsulation: Encapsulation | None = None


class SecureEntity(Part):
    """A SecY and the way in which it gets its keys."""

    name: str
    data_plane: DataPlaneSettings = DataPlaneSettings()
    key_generation_protocol: KeyGeneration


class MacsecInterface(Part):
    """MACsec on an Ethernet interface of a device."""

    eth_name: str
    secure_entity: SecureEntity


class Macsec(Part):
    """MACsec of a device."""

    ethernet_interfaces: list[MacsecInterface]
