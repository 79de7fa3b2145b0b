"""Find what runs on this machine, and ask it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from macsec.errors import MACsecError
from macsec.live.local import lab_state, tap_sockets
from macsec.live.local.local_socket import converse

from .model import Monitored, PortSource, Snapshot, SourceKind
from .transfer import from_text


def discover() -> list[PortSource]:
    """Return all taps and labs, and the kernel if it has MACsec. Never raises.

    Taps are those of all network namespaces; the kernel's devices those of the present one. A
    source without a name is there for a kind that this user may not list.
    """
    return [source for kind, find in FINDERS.items() for source in _found(kind, find)]


def snapshot(source: PortSource) -> Snapshot:
    """Return the ports and links of a source, or the reason why there are none. Never raises."""
    try:
        observation = ASKED[source.kind](source)
    except (MACsecError, OSError) as error:
        return Snapshot(source, reason=_words(error))
    except ValueError:
        return Snapshot(source, reason="another version of macsec started it")
    return Snapshot(source, observation.ports, observation.links)


def _found(kind: SourceKind, find: Callable[[], Iterable[PortSource]]) -> list[PortSource]:
    try:
        return list(find())
    except (MACsecError, OSError):
        return [PortSource(kind, "")]


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _taps() -> Iterator[PortSource]:
    for namespace, name in tap_sockets.every_tap():
        where = tap_sockets.path_in(namespace, name, tap_sockets.MONITOR)
        yield PortSource(SourceKind.TAP, name, namespace, where)


def _labs() -> Iterator[PortSource]:
    for name, folder in lab_state.folders().items():
        try:
            lab_state.found(folder)
        except lab_state.NoLab:
            continue
        except MACsecError:
            pass  # the row of its snapshot has the reason
        yield PortSource(SourceKind.LAB, name, None, folder)


def _tap(source: PortSource) -> Monitored:
    if not source.name:
        tap_sockets.every_tap()
    return _answer(source.where, source.name)


def _lab(source: PortSource) -> Monitored:
    if not source.name:
        lab_state.folders()
    lab_state.found(source.where)
    return _answer(os.path.join(source.where, lab_state.MONITOR), source.name)


def _answer(path: str, name: str) -> Monitored:
    text = converse(path, b"", name)
    if text is None:
        raise MACsecError("no process answers: it ended, or another version of macsec started it")
    return from_text(text)


def _kernels() -> Iterator[PortSource]:
    from .kernel import has_macsec  # late: pyroute2 takes its time

    if has_macsec():
        yield PortSource(SourceKind.KERNEL, "kernel", tap_sockets.namespace())


def _kernel(_: PortSource) -> Monitored:
    from .kernel import ports

    return Monitored(tuple(ports()))


FINDERS: dict[SourceKind, Callable[[], Iterable[PortSource]]] = {
    SourceKind.TAP: _taps,
    SourceKind.LAB: _labs,
    SourceKind.KERNEL: _kernels,
}
ASKED: dict[SourceKind, Callable[[PortSource], Monitored]] = {
    SourceKind.TAP: _tap,
    SourceKind.LAB: _lab,
    SourceKind.KERNEL: _kernel,
}
