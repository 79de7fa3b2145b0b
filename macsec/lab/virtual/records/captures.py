"""Captures of a lab: the frames at every host's port, and on every link between sites."""

from __future__ import annotations

from macsec.lab.virtual.host import LabHost
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.records.recorder import Recorder
from macsec.lab.virtual.site_link import SiteLink


def record(lab: Lab) -> list[Recorder]:
    """Return recorders of all links between sites, `wire-LINK`, and all hosts, `host-HOST`.

    A link's recorder has all frames that both ends send, lost ones too; its two ports are the
    sending sites.
    """
    wires = [_of_wire(lab, link) for link in lab.links]
    return wires + [_of_host(lab, host) for host in lab.hosts.values()]


def _of_wire(lab: Lab, link: SiteLink) -> Recorder:
    recorder = lab.recorder(f"wire-{link.plan.name}", link.plan.sites)
    for side in range(2):
        recorder.watch_port(link.common_port(side), side)
    return recorder


def _of_host(lab: Lab, host: LabHost) -> Recorder:
    recorder = lab.recorder(f"host-{host.name}", (host.name,))
    recorder.watch_host(host)
    return recorder
