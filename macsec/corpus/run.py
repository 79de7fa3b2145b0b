"""A run over a corpus: list, survey, plan, work, and note each result in the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from macsec import __version__
from macsec.errors import ConfigError, MACsecError

from . import store, tasks
from .engine import Call, CorpusTask, EndedTask, TaskEngine
from .manifest import Manifest
from .order import CaptureJson, CapturePart, Order, SettingsJson
from .plan import CorpusPlan, Demand, Planned, assigned, plan_in, with_new
from .store import CAPTURE_ENDINGS, OWN_FOLDER, SourceFile

CUT_VERBS = ("protect", "validate")
"""Verbs that work on the parts of a capture apart."""


class Numbers(Protocol):
    """The packet numbers of the transmit SA in use, by traffic class."""

    limit: int

    def starts(self) -> Mapping[int, int]:
        """Return the next PN of each class."""

    def reserve(self, ends: Mapping[int, int]) -> None:
        """Keep all PNs below `ends` for this run, before any of them is used."""


class Calls(Protocol):
    """The tasks, as functions that an engine can send to workers."""

    whole: Call
    part: Call
    joined: Call
    surveyed: Call


@dataclass(frozen=True, slots=True)
class CorpusRequest:
    """A run: sources, DEST, options, keys wrapped under the key of the run.

    `split`: octets from which a capture is cut into parts; 0 for never.
    """

    verb: str
    sources: Sequence[str]
    dest: str
    settings: SettingsJson
    run: str
    run_key: str
    wrapped: bytes
    keys: tuple[str, ...]
    split: int = 0


Progress = Callable[[str, int, CaptureJson | None], None]
"""Takes a phase, the octets of a capture that it has done, and the result if there is one."""


class CorpusRun:
    """One run. `files`: all captures; `left`: those without results of an earlier run."""

    def __init__(self, request: CorpusRequest, calls: Calls, clock: Callable[[], float]) -> None:
        self.request, self._calls = request, calls
        self._refuse_nested()
        endings = (".json",) if request.verb == "conformance" else CAPTURE_ENDINGS
        self.files = store.listed(request.sources, endings)
        self._sizes = {file.name: file.size for file in self.files}
        self._plan_url = store.joined(request.dest, f"{OWN_FOLDER}/plan.json")
        self.plan = self._plan()
        self.manifest = Manifest(request.dest, clock)
        self.left = [f for f in self.files if not self.manifest.has(f.name, f.stamp)]

    def _refuse_nested(self) -> None:
        system, dest = store.file_system(self.request.dest)
        for source in self.request.sources:
            other, path = store.file_system(source)
            if type(other) is type(system) and f"{dest.rstrip('/')}/".startswith(
                f"{path.rstrip('/')}/"
            ):
                raise ConfigError(
                    f"DEST {store.shown(dest)} is inside of SOURCE: results would be read"
                )

    def _plan(self) -> CorpusPlan:
        request = self.request
        fresh = CorpusPlan(request.verb, request.run, request.settings, request.keys)
        octets = store.fetched(self._plan_url)
        if octets is None:
            return fresh
        plan = plan_in(octets, store.shown(self._plan_url))
        other = plan.same_run(fresh)
        if other is not None:
            raise ConfigError(
                f"{store.shown(request.dest)} has results of another run, with other {other}: "
                "choose another DEST"
            )
        return plan

    def work(self, engine: TaskEngine, numbers: Numbers | None, progress: Progress) -> None:
        """Survey and plan what is new, then work on what is left."""
        surveys = self._surveys(engine, progress)
        left = self._planned(surveys, numbers)
        try:
            for file in self.left:
                if "error" in surveys.get(file.name, {}):
                    self._note(_unreadable(self._order(file), surveys[file.name]), progress)
            for ended in engine.run(self._tasks(left, surveys)):
                self._note(_result_of(ended), progress)
        finally:
            self.manifest.close()

    def _note(self, result: CaptureJson, progress: Progress) -> None:
        self.manifest.add(result)
        progress(self.request.verb, self._sizes[result["name"]], result)

    def _surveys(self, engine: TaskEngine, progress: Progress) -> dict[str, dict[str, Any]]:
        """Return the survey of each capture that needs one: for its PNs, or to be cut."""
        known = {planned.file for planned in self.plan.captures}
        wanted = [
            file
            for file in self.left
            if (self.request.verb == "protect" and file not in known) or self.is_cut(file)
        ]
        found: dict[str, dict[str, Any]] = {}
        orders = (self._order(file) for file in wanted)
        for ended in engine.run(CorpusTask(order, self._calls.surveyed) for order in orders):
            if ended.error is not None:
                found[ended.task.order.name] = {"error": str(ended.error), "exit_code": 1}
            else:
                found[ended.task.order.name] = ended.result
            progress("survey", self._sizes[ended.task.order.name], None)
        return found

    def is_cut(self, file: SourceFile) -> bool:
        """Return whether a capture is worked on in parts."""
        split = self.request.split
        return self.request.verb in CUT_VERBS and bool(split) and file.size > split

    def _planned(
        self, surveys: Mapping[str, dict[str, Any]], numbers: Numbers | None
    ) -> list[Planned]:
        """Write the plan; return the captures that are left, with their PNs."""
        plan, new = with_new(self.plan, self.files)
        if numbers is None:
            made = [Planned(file) for file in new]
        else:
            demands = [
                Demand(file, surveys[file.name]["pns"], surveys[file.name]["digest"])
                for file in new
                if file.name in surveys and "error" not in surveys[file.name]
            ]
            starts = self.plan.next_pns(numbers.starts())
            made, ends = assigned(demands, starts, numbers.limit)
            if made:
                numbers.reserve(ends)
        self.plan = replace(plan, captures=(*plan.captures, *made))
        if made or not plan.captures:
            store.put(self._plan_url, self.plan.octets())
        names = {file.name for file in self.left if "error" not in surveys.get(file.name, {})}
        return [each for each in self.plan.captures if each.file.name in names]

    def _order(self, file: SourceFile, planned: Planned | None = None) -> Order:
        request = self.request
        return Order(
            request.verb, request.run, __version__, file.name, file.url, file.stamp, request.dest,
            request.settings, request.run_key, request.wrapped,
            {} if planned is None else planned.pns, "" if planned is None else planned.digest,
            split=request.split if self.is_cut(file) else 0,
        )  # fmt: skip

    def _tasks(
        self, left: Iterable[Planned], surveys: Mapping[str, dict[str, Any]]
    ) -> Iterator[CorpusTask]:
        for planned in sorted(left, key=lambda each: each.file.name):
            order = self._order(planned.file, planned)
            found = surveys.get(planned.file.name, {})
            spans: Sequence[CapturePart] = found.get("spans", ())
            if spans:
                parts = [
                    replace(order, span=span, spans=len(spans), pns=_part_pns(order, spans, at))
                    for at, span in enumerate(spans)
                ]
                yield CorpusTask(order, self._calls.joined, parts, self._calls.part)
            else:
                yield CorpusTask(order, self._calls.whole)


def _part_pns(order: Order, spans: Sequence[CapturePart], at: int) -> dict[int, tuple[int, int]]:
    """Return the PNs of a part: those of its frames."""
    following = spans[at + 1].pns if at + 1 < len(spans) else None
    return {
        traffic_class: (
            first + spans[at].pns.get(traffic_class, 0),
            end if following is None else first + following[traffic_class],
        )
        for traffic_class, (first, end) in order.pns.items()
    }


def _unreadable(order: Order, found: Mapping[str, Any]) -> CaptureJson:
    result = tasks.failed(order, MACsecError(found["error"]))
    result["exit_code"] = found["exit_code"]
    return result


def _result_of(ended: EndedTask) -> CaptureJson:
    if ended.error is None:
        result: CaptureJson = ended.result
        return result
    error = ended.error
    if not isinstance(error, MACsecError):
        error = MACsecError(f"{type(error).__name__}: {error}")
    return tasks.failed(ended.task.order, error)
