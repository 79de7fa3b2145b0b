"""The records of `--events FILE`: a JSON object a line, for each change of a port."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypedDict

from macsec.report.fields import Hex, Keywords

SCHEMA: Literal["macsec/event/1"] = "macsec/event/1"
"""The name under which `macsec help json` has the records; they do not repeat it."""


class _RecordJson(TypedDict):
    """`time`: seconds since 1970, in virtual time since the start; `port`: the interface or end."""

    time: float
    port: str


class SessionEventJson(_RecordJson):
    """The port is secured, or is no longer, and why. `ckn`: the CAK that carries the traffic."""

    event: Literal["session"]
    secured: bool
    reason: str
    ckn: str | None


class SakEventJson(_RecordJson):
    """A SAK was installed, is the one to transmit under, or was deleted."""

    event: Literal["sak"]
    ki: str
    an: int
    change: Literal["installed", "transmits", "deleted"]


class CakEventJson(_RecordJson):
    """A CAK that is in no configuration was added, or removed: a group's, or one of EAP."""

    event: Literal["cak"]
    ckn: Hex
    source: Literal["group", "eap"]
    change: Literal["added", "removed"]


class EapEventJson(_RecordJson):
    """A station was authenticated by EAP, or refused, or its server does not answer."""

    event: Literal["eap"]
    accepted: bool
    identity: str
    reason: str


class PeerEventJson(_RecordJson):
    """A peer became live, or was lost."""

    event: Literal["peer-live", "peer-lost"]
    ckn: Hex
    mi: Hex
    sci: str | None


class SuspensionEventJson(_RecordJson):
    """Key agreement was suspended (802.1X 9.18), or goes on."""

    event: Literal["suspension"]
    suspended: bool


class FailedEventJson(_RecordJson):
    """Key agreement failed: no peer was live for a Life Time; or one is live again."""

    event: Literal["mka-failed"]
    failed: bool


class CountEventJson(_RecordJson):
    """MKPDUs that were refused, or frames that were dropped, in the last second or more.

    At most one record a second for each `counter`: `count` of them since the record before, `total`
    since the start.
    """

    event: Literal["mkpdu-refused", "frames-dropped"]
    counter: str
    count: int
    total: int


class ChangeEventJson(_RecordJson):
    """A user changed the running port (`macsec mka set`)."""

    event: Literal["changed"]
    changes: list[str]
    pid: int


class LostRecordsJson(_RecordJson):
    """Records that the file did not take, because its disk or its reader was full."""

    event: Literal["records-lost"]
    count: int


EventJson: TypeAlias = Annotated[
    SessionEventJson
    | SakEventJson
    | CakEventJson
    | EapEventJson
    | PeerEventJson
    | SuspensionEventJson
    | FailedEventJson
    | CountEventJson
    | ChangeEventJson
    | LostRecordsJson,
    Keywords(description="`macsec/event/1`: a change of a port, a line of `--events FILE`."),
]
