"""The service: Capabilities, Get, Set and Subscribe on a device."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import grpc

from macsec.errors import ConfigError, MACsecError

from .device import GnmiDevice, Home, merged
from .messages import SERVICE, VERSION, message, name_of, number_of
from .paths import Path, has_wildcard, text_of
from .settings import RefusedPath, Wishes
from .subscriptions import DueValues, Mode, TimedStream, Wish
from .transaction import adjust_all
from .tree import DataType, Leaves, chosen, leaves_of, of_type
from .values import ENCODINGS, NotServed, decoded, path_from, path_message, per_encoding

MODELS = {
    "openconfig-macsec": "1.3.0",
    "openconfig-interfaces": "3.5.0",
    "openconfig-keychain": "0.6.0",
}
"""The served modules and their versions."""
ORGANIZATION = "OpenConfig working group"
STREAMS = 16
"""Subscriptions at the same time, at most."""
WISHES = 256
"""Subscriptions and paths of one request, at most."""


class Clocks(NamedTuple):
    """Times in ns: `now_ns` since 1970 for answers, `steady_ns` for intervals."""

    now_ns: Callable[[], int]
    steady_ns: Callable[[], int]


class _NotFound(MACsecError):
    """A path that no data is at, or a target that does not run."""


class _Busy(MACsecError):
    """Too many subscriptions."""


_STATUS: tuple[tuple[type[Exception], grpc.StatusCode], ...] = (
    (_NotFound, grpc.StatusCode.NOT_FOUND),
    (_Busy, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (NotServed, grpc.StatusCode.UNIMPLEMENTED),
    (MACsecError, grpc.StatusCode.FAILED_PRECONDITION),
)
"""The status of each kind of error, the first that fits."""


class GnmiService:
    """Answers clients about a device. `may_set`: False where clients are anonymous."""

    def __init__(self, device: GnmiDevice, clocks: Clocks, *, may_set: bool) -> None:
        self._device, self._clocks, self._may_set = device, clocks, may_set
        self._setting = threading.Lock()
        self._streams = threading.BoundedSemaphore(STREAMS)
        self._ended = threading.Event()

    def end(self) -> None:
        """End all subscriptions."""
        self._ended.set()

    def handler(self) -> Any:
        """Return the handler of the service's methods, for a server of grpc."""
        unary, both = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        rows = (
            ("Capabilities", unary, self._capabilities, "CapabilityRequest"),
            ("Get", unary, self._get, "GetRequest"),
            ("Set", unary, self._set, "SetRequest"),
            ("Subscribe", both, self._subscribe, "SubscribeRequest"),
        )
        methods = {
            name: make(
                _statused(answer) if make is unary else _statused_stream(answer),
                request_deserializer=message(request).FromString,
                response_serializer=lambda answer: answer.SerializeToString(),
            )
            for name, make, answer, request in rows
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    # ---------------------------------------------------------------- data

    def _data(self, target: str) -> tuple[Leaves, dict[str, Home]]:
        """Return the leaves of all sources, or of the one that a prefix names."""
        sources = [each for each in self._device.sources() if target in ("", each.target)]
        if target and not sources:
            raise _NotFound(f"target {target}: no tap and no lab runs under this name")
        tree, homes = merged(sources)
        return leaves_of(tree), homes

    def _notification(self, prefix: Any, target: str) -> Any:
        made = message("Notification")(timestamp=self._clocks.now_ns())
        if target or prefix.origin:
            made.prefix.target, made.prefix.origin = target, prefix.origin
        return made

    # ---------------------------------------------------------------- methods

    def _capabilities(self, _: Any, __: Any) -> Any:
        made = message("CapabilityResponse")(gNMI_version=VERSION)
        for name, version in MODELS.items():
            made.supported_models.add(name=name, organization=ORGANIZATION, version=version)
        made.supported_encodings.extend(number_of("Encoding", name) for name in ENCODINGS)
        return made

    def _get(self, request: Any, _: Any) -> Any:
        encoding = _encoding(request.encoding)
        _check_models(request.use_models)
        before = path_from(request.prefix)
        paths = [(*before, *path_from(each)) for each in request.path] or [before]
        _check_number(paths)
        kind = DataType(name_of("DataType", request.type))
        every, _homes = self._data(request.prefix.target)
        leaves = of_type(every, kind)
        made = message("GetResponse")()
        for path in paths:
            nodes = chosen(leaves, path)
            if not nodes and not (has_wildcard(path) or chosen(every, path)):
                raise _NotFound(f"{text_of(path)}: no data")
            answer = self._notification(request.prefix, request.prefix.target)
            for node, value in per_encoding(nodes, encoding):
                answer.update.add(path=path_message(node), val=value)
            made.notification.append(answer)
        return made

    def _set(self, request: Any, _: Any) -> Any:
        if not self._may_set:
            raise _Denied("Set needs users, or clients with certificates: see --web-config")
        if request.union_replace:
            raise NotServed("union_replace: not implemented: use replace or update")
        target, before = request.prefix.target, path_from(request.prefix)
        wishes, made = Wishes(), message("SetResponse")()
        made.prefix.CopyFrom(request.prefix)
        for operation, given in _operations(request):
            path = (*before, *path_from(given if operation == "DELETE" else given.path))
            _wish(wishes, operation, path, given)
            made.response.add(
                path=path_message(path[len(before) :]), op=number_of("Operation", operation)
            )
        with self._setting:
            leaves, homes = self._data(target)
            adjust_all(self._device, wishes.adjustments(), homes, leaves)
        made.timestamp = self._clocks.now_ns()
        return made

    def _subscribe(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        first = next(requests, None)
        if first is None:
            return
        if first.WhichOneof("content") != "subscribe":
            raise ConfigError("the first request of a Subscribe is a list of subscriptions")
        if not self._streams.acquire(blocking=False):
            raise _Busy(f"{STREAMS} subscriptions are open already")
        try:
            yield from self._serve(first.subscribe, requests, context)
        finally:
            self._streams.release()

    def _serve(self, asked: Any, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        mode = name_of("ListMode", asked.mode)
        serve = {"ONCE": self._once, "POLL": self._poll, "STREAM": self._stream}.get(mode)
        if serve is None:
            raise ConfigError(f"mode {mode}: expected STREAM, ONCE or POLL")
        encoding = _encoding(asked.encoding)
        _check_models(asked.use_models)
        wishes = _wishes(asked)
        yield from serve(asked, wishes, encoding, requests, context)

    def _once(self, asked: Any, wishes: Sequence[Wish], encoding: str, *_: Any) -> Iterator[Any]:
        if not asked.updates_only:
            yield from self._all(asked, wishes, encoding)
        yield _SYNC

    def _poll(
        self, asked: Any, wishes: Sequence[Wish], encoding: str, requests: Iterable[Any], _: Any
    ) -> Iterator[Any]:
        yield from self._once(asked, wishes, encoding)
        for request in requests:
            if request.WhichOneof("content") != "poll":
                raise ConfigError("after the subscriptions of a POLL only polls are expected")
            yield from self._once(asked, wishes, encoding)

    def _all(self, asked: Any, wishes: Sequence[Wish], encoding: str) -> Iterator[Any]:
        leaves, _ = self._data(asked.prefix.target)
        found: dict[Path, Any] = {}
        for wish in wishes:
            for below in chosen(leaves, wish.pattern).values():
                found |= below
        yield from self._changed(asked, DueValues(found, ()), encoding)

    def _stream(
        self, asked: Any, wishes: Sequence[Wish], encoding: str, _: Any, context: Any
    ) -> Iterator[Any]:
        woken = threading.Event()
        if not context.add_callback(woken.set):
            return
        stream = TimedStream(wishes, self._clocks.steady_ns())
        first = stream.start(self._data(asked.prefix.target)[0])
        if not asked.updates_only:
            yield from self._changed(asked, first, encoding)
        yield _SYNC
        while context.is_active() and not self._ended.is_set():
            wait_ns = stream.next_ns - self._clocks.steady_ns()
            if wait_ns > 0 and woken.wait(min(wait_ns / 1e9, LOOK_S)):
                return
            now_ns = self._clocks.steady_ns()
            if now_ns >= stream.next_ns:
                change = stream.step(now_ns, self._data_or_none(asked.prefix.target))
                yield from self._changed(asked, change, encoding)

    def _data_or_none(self, target: str) -> Leaves:
        """Return the leaves; none while the target does not run."""
        try:
            return self._data(target)[0]
        except _NotFound:
            return {}

    def _changed(self, asked: Any, change: DueValues, encoding: str) -> Iterator[Any]:
        if not change.updates and not change.deletes:
            return
        made = message("SubscribeResponse")()
        made.update.CopyFrom(self._notification(asked.prefix, asked.prefix.target))
        for path in change.deletes:
            getattr(made.update, "delete").append(path_message(path))  # noqa: B009 - a keyword
        nodes = {path: {path: value} for path, value in change.updates.items()}
        for node, value in per_encoding(nodes, encoding):
            made.update.update.add(path=path_message(node), val=value)
        yield made


class _Denied(MACsecError):
    """A Set of an anonymous client."""


LOOK_S = 0.5
"""Interval at which a stream looks for the end of the server."""
_SYNC = message("SubscribeResponse")(sync_response=True)


def _statused(answer: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def call(request: Any, context: Any) -> Any:
        try:
            return answer(request, context)
        except MACsecError as error:
            context.abort(_status(error), _line(error))

    return call


def _statused_stream(
    answer: Callable[[Iterator[Any], Any], Iterator[Any]],
) -> Callable[[Iterator[Any], Any], Iterator[Any]]:
    def call(requests: Iterator[Any], context: Any) -> Iterator[Any]:
        try:
            yield from answer(requests, context)
        except MACsecError as error:
            context.abort(_status(error), _line(error))

    return call


def _status(error: Exception) -> grpc.StatusCode:
    if isinstance(error, _Denied):
        return grpc.StatusCode.PERMISSION_DENIED
    found = next(status for kind, status in _STATUS if isinstance(error, kind))
    is_wrong = getattr(error, "exit_code", 0) == ConfigError.exit_code  # also as a port says it
    if found is grpc.StatusCode.FAILED_PRECONDITION and is_wrong:
        return grpc.StatusCode.INVALID_ARGUMENT
    return found


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _encoding(number: int) -> str:
    name = name_of("Encoding", number)
    if name not in ENCODINGS:
        raise NotServed(f"encoding {name}: this device has {', '.join(ENCODINGS)}")
    return name


def _check_models(given: Iterable[Any]) -> None:
    for model in given:
        if model.name not in MODELS:
            raise NotServed(f"model {model.name}: this device has {', '.join(MODELS)}")


def _check_number(paths: Sequence[Any]) -> None:
    if len(paths) > WISHES:
        raise ConfigError(f"{len(paths)} paths in one request: at most {WISHES}")


def _wishes(asked: Any) -> list[Wish]:
    before = path_from(asked.prefix)
    if not asked.subscription:
        raise ConfigError("the list has no subscription")
    _check_number(asked.subscription)
    return [
        Wish(
            (*before, *path_from(each.path)),
            _mode(each.mode),
            each.sample_interval,
            each.suppress_redundant,
            each.heartbeat_interval,
        )
        for each in asked.subscription
    ]


def _mode(number: int) -> Mode:
    try:
        return Mode(name_of("SubscriptionMode", number))
    except ValueError:
        raise ConfigError(f"subscription mode {number}: expected 0 to 2") from None


def _operations(request: Any) -> Iterator[tuple[str, Any]]:
    """Yield the operations of a Set in the order in which they are done."""
    yield from (("DELETE", each) for each in getattr(request, "delete"))  # noqa: B009 - a keyword
    yield from (("REPLACE", each) for each in request.replace)
    yield from (("UPDATE", each) for each in request.update)


def _wish(wishes: Wishes, operation: str, path: Path, given: Any) -> None:
    if operation == "DELETE":
        wishes.delete(path)
        return
    try:
        value = decoded(given.val)
    except ConfigError as error:
        raise RefusedPath(f"{text_of(path)}: {error}") from None
    (wishes.replace if operation == "REPLACE" else wishes.update)(path, value)
