"""Stages in turn on several threads: the same results as on one, and no deadlock."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.planes import frame_of

from macsec import FrameBatch, captures
from macsec.cli.shared.jobs import allowed, usual_jobs
from macsec.offline.pipeline import Last, run

JOBS = (1, 2, 3, 4, 9)
TIMES = ("seconds", "frames_per_s", "gbit_per_s")


class Course:
    """Stages that record the items that enter them, and fail on two items at once."""

    def __init__(self, items: int, stages: int = 3) -> None:
        self.left = iter(range(items))
        self.seen: list[list[int]] = [[] for _ in range(stages)]
        self.busy = [threading.Lock() for _ in range(stages)]

    def stages(self, **special):
        """The stages; `special["s1"]` is called with each item of stage 1 and may change it."""
        return [partial(self._stage, at, special.get(f"s{at}")) for at in range(len(self.seen))]

    def _stage(self, at, special, item):
        assert self.busy[at].acquire(blocking=False), "two items in one stage"
        try:
            assert item not in self.seen[at]
            self.seen[at].append(item)
            return item if special is None else special(item)
        finally:
            self.busy[at].release()

    def take(self):
        """The next item."""
        return next(self.left, None)


@pytest.fixture(autouse=True)
def _no_thread_stays():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("items", [0, 1, 2, 3, 50])
def test_every_stage_has_every_item_in_order(items, jobs):
    """Each stage has every item, in order, one at a time."""
    course = Course(items)
    run(course.take, course.stages(), jobs)
    assert course.seen == [list(range(items))] * 3


@pytest.mark.parametrize("jobs", [2, 3])
def test_two_items_are_in_two_stages_at_once(jobs):
    """Two items are in two stages at a time: the stages meet, which one thread could not."""
    meeting = threading.Barrier(2, timeout=60)
    course = Course(2, stages=2)

    def first(item):
        if item == 1:
            meeting.wait()
        return item

    def second(item):
        if item == 0:
            meeting.wait()
        return item

    run(course.take, course.stages(s0=first, s1=second), jobs)
    assert course.seen == [[0, 1], [0, 1]]


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("stage", range(3))
@pytest.mark.parametrize("at", [0, 1, 4])
def test_error_ends_all_after_the_items_before_it(at, stage, jobs):
    """The error is raised; items before are through, items after never get past that stage."""

    def fail(item):
        if item == at:
            raise KeyError(at)
        return item

    course = Course(50)
    with pytest.raises(KeyError, match=str(at)):
        run(course.take, course.stages(**{f"s{stage}": fail}), jobs)
    for place, seen in enumerate(course.seen):
        assert seen[:at] == list(range(at))
        if place > stage:
            assert seen == list(range(at))
    assert course.seen[stage] == list(range(at + 1))


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("first", ["the early stage", "the late stage"])
def test_error_of_the_earliest_item_wins(jobs, first):
    """The error of item 3 wins over that of item 4, whichever came first."""
    both = threading.Barrier(2, timeout=60)
    happened = threading.Event()

    def fail(wanted, stage, item):
        if item != wanted:
            return item
        if jobs > 1:
            both.wait()  # items 3 and 4 are where they fail
            if stage == first:
                happened.set()  # the other continues after the error of this thread
            assert happened.wait(60)
        raise KeyError(stage)

    course = Course(50)
    stages = course.stages(
        s0=partial(fail, 4, "the early stage"), s2=partial(fail, 3, "the late stage")
    )
    with pytest.raises(KeyError, match="the late stage"):
        run(course.take, stages, jobs)
    assert course.seen[2] == [0, 1, 2, 3]


@pytest.mark.parametrize("jobs", JOBS)
def test_error_of_the_source_comes_after_the_items_before_it(jobs):
    """A source that fails ends all once the items before are through."""
    course = Course(50)

    def take():
        item = course.take()
        if item == 7:
            raise OSError("gone")
        return item

    with pytest.raises(OSError, match="gone"):
        run(take, course.stages(), jobs)
    assert course.seen == [list(range(7))] * 3


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("at", [0, 1, 5])
def test_last_goes_on_and_no_later_item_does(at, jobs):
    """A Last goes on itself; no later item enters the stage that gave it or one behind."""
    course = Course(50)
    run(course.take, course.stages(s1=lambda item: Last(item) if item == at else item), jobs)
    assert course.seen[1] == course.seen[2] == list(range(at + 1))


@pytest.mark.parametrize("jobs", JOBS)
def test_error_after_a_last_does_not_count(jobs):
    """An error that only reading ahead meets is not raised."""
    course = Course(50)
    happened = threading.Event()

    def take():
        item = course.take()
        if item == 4:
            happened.set()
            raise OSError("read ahead")
        return item

    def end(item):
        if item != 3:
            return item
        assert jobs == 1 or happened.wait(60)
        return Last(item)

    run(take, course.stages(s2=end), jobs)
    assert course.seen[2] == [0, 1, 2, 3]
    assert happened.is_set() == (jobs > 1)


PLACES = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=3)


@given(st.integers(0, 20), PLACES, PLACES, st.integers(2, 6))
def test_any_errors_and_endings_are_as_on_one_thread(items, failing, last, jobs):
    """Any errors and endings, anywhere: what is through and what is raised are as on one thread."""

    def outcome(number):
        def at(stage, item):
            if (stage, item) in failing:
                raise KeyError(stage, item)
            return Last(item) if stage and (stage, item) in last else item

        course = Course(items)
        special = {f"s{stage}": partial(at, stage + 1) for stage in range(3)}
        error = None
        try:
            run(lambda: at(0, course.take()), course.stages(**special), number)
        except KeyError as raised:
            error = raised.args
        return course.seen[2], error

    assert outcome(jobs) == outcome(1)


@pytest.fixture
def _no_finalizers():
    """Python drops an interrupt that strikes a finalizer: let none of earlier tests run."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_no_finalizers")
@pytest.mark.parametrize("jobs", JOBS)
def test_signal_ends_all_threads(jobs):
    """An interrupt reaches the caller from whichever stage is at work, and every thread ends."""
    course = Course(30_000)  # without the signal it ends too, some time
    struck = threading.Event()

    def strike(item):
        if item == 5:
            os.kill(os.getpid(), signal.SIGINT)
            struck.set()
        return item

    with pytest.raises(KeyboardInterrupt):
        run(course.take, course.stages(s1=strike), jobs)
    assert struck.is_set() or jobs == 1
    assert course.seen[1][:6] == list(range(6))


@pytest.mark.usefixtures("_no_finalizers")
@pytest.mark.parametrize("times", [30, pytest.param(300, marks=pytest.mark.exhaustive)])
def test_signal_at_any_time_leaves_no_thread(times):
    """Wherever the interrupt strikes the waiting thread, no other is left behind."""
    before = threading.active_count()
    left = []
    for _ in range(times):
        test_signal_ends_all_threads(9)
        left.append(threading.active_count() - before)
    assert not any(left)


def test_nothing_runs_if_a_thread_cannot_start(monkeypatch):
    """If the system gives too few threads, no stage runs and no thread waits."""
    start = threading.Thread.start
    started = []

    def refuse(thread):
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    course = Course(50)
    with pytest.raises(RuntimeError, match="can't start"):
        run(course.take, course.stages(), 4)
    assert course.seen == [[], [], []]


@pytest.mark.parametrize(("cores", "jobs"), [({0}, 1), ({1, 3}, 2), ({0, 1, 2, 3}, 2)])
def test_verbs_use_two_cores_where_there_are_two(monkeypatch, cores, jobs):
    """Two, or one on a single core; a system without affinity counts its cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores, raising=False)
    assert usual_jobs() == jobs
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: len(cores))
    assert usual_jobs() == jobs


def test_jobs_are_allowed_for_files_and_not_for_pipes(tmp_path):
    """Regular files, files to be made and /dev/null take threads; what can wait does not."""
    there, fifo = tmp_path / "there", tmp_path / "fifo"
    there.touch()
    os.mkfifo(fifo)
    files = (str(there), str(tmp_path / "to be made"), "/dev/null", None)
    assert allowed(4, *files) == 4
    for waiting in (str(fifo), "/dev/ptmx"):
        assert allowed(4, waiting, *files) == 1
        assert allowed(4, *files, waiting) == 1


def test_standard_streams_allow_jobs_only_if_they_are_files(monkeypatch):
    """Redirected to a file they are one; as a pipe, or as what has no descriptor, they wait."""
    down, up = os.pipe()
    with open(down, "rb") as pipe, open(up, "wb") as end, open(__file__, "rb") as file:
        for stream, jobs in ((pipe, 1), (end, 1), (io.BytesIO(), 1), (None, 1), (file, 4)):
            monkeypatch.setattr(sys, "stdin", stream)
            assert allowed(4, "-", "/dev/null") == jobs
            monkeypatch.setattr(sys, "stdin", file)
            monkeypatch.setattr(sys, "stdout", stream)
            assert allowed(4, "-", "-") == jobs


# ---------------------------------------------------------------- verbs


@pytest.fixture
def small_batches(monkeypatch):
    """Captures are read seven frames at a time."""
    monkeypatch.setattr(captures, "read", partial(captures.read, batch_frames=7))


def messages(result):
    """The exit code and messages of a run, without times."""
    lines = result.stderr.splitlines()
    return result.exit_code, [line.partition(" in ")[0] for line in lines]


@pytest.fixture(params=[(1, 3), pytest.param(JOBS, marks=pytest.mark.exhaustive)], ids=str)
def same(desk, request):
    """A function that runs a verb with several numbers of jobs; all outputs are equal."""

    def run_all(verb, args, outputs, code=0):
        results = []
        for jobs in request.param:
            for output in outputs:
                Path(output).unlink(missing_ok=True)
            found = desk.json(verb, *args, "--jobs", str(jobs), code=code)
            text = messages(desk.run(verb, *args, "--jobs", str(jobs), code=code))
            octets = [Path(output).read_bytes() for output in outputs]
            results.append((octets, {k: v for k, v in found.items() if k not in TIMES}, text))
        assert all(result == results[0] for result in results[1:])
        return results[0]

    return run_all


MANY = [frame_of(length, fill=length & 255) for length in range(2, 122)]


@pytest.fixture
def mixed(desk):
    """A protected capture with frames that end in several verdicts."""
    wire = desk.frames(Path(desk.protected(MANY)).name)
    wire[10] = wire[10][:-1] + bytes([wire[10][-1] ^ 1])
    wire[30:30] = [MANY[3], wire[2], b"\0" * 9]
    wire[50] = wire[50][:20]
    return wire


@pytest.mark.parametrize("name", ["in.pcap", "in.pcapng", "in.pcap.gz", "in.pcapng.zst"])
def test_protect_is_the_same_with_any_jobs(desk, same, small_batches, name):
    """Octets, JSON, messages and exit code of protect."""
    clear, out = desk.capture(MANY, name), f"out.{name}"
    (octets,), found, _ = same("protect", ("-c", desk.config(), clear, out), [out])
    assert found["sent"] == len(MANY)
    assert len(octets) > 24


@pytest.mark.parametrize("name", ["in.pcap", "in.pcapng"])
@pytest.mark.parametrize("missing", [1, 300])
def test_protect_of_a_truncated_capture_is_the_same_with_any_jobs(
    desk, same, small_batches, name, missing
):
    """The frames before the damage, the same message, and 4."""
    path = Path(desk.capture(MANY, name))
    path.write_bytes(path.read_bytes()[:-missing])
    args = ("-c", desk.config(), name, "out.pcap")
    _, found, (_, lines) = same("protect", args, ["out.pcap"], code=4)
    assert 0 < found["sent"] < len(MANY)
    assert "offset" in lines[-1]


@pytest.mark.parametrize("left", [1, 6, 7, 8, 70])
@pytest.mark.parametrize("cut", [0, 3])
def test_protect_to_the_last_pn_is_the_same_with_any_jobs(desk, same, small_batches, left, cut):
    """Exhaustion in any batch: the frames before, counters as of that batch, and 4."""
    path = Path(desk.capture(MANY))
    path.write_bytes(path.read_bytes()[: path.stat().st_size - cut])
    config = desk.config(pn=2**32 - left)
    args = ("-c", config, "in.pcap", "out.pcap")
    _, found, (_, lines) = same("protect", args, ["out.pcap"], code=4)
    assert found["sent"] == left
    assert found["frames"] == (left // 7 + 1) * 7
    assert "exhausted" in lines[-1]


def test_protect_counts_too_long_frames_alike_with_any_jobs(desk, same, small_batches):
    """Frames over the MTU are counted alike."""
    args = ("-c", desk.config(mtu=60), desk.capture(MANY), "out.pcap")
    _, found, _ = same("protect", args, ["out.pcap"])
    assert found["counters"]["OutPktsTooLong"] > 0 < found["sent"]


@pytest.mark.parametrize("verb", ["protect", "validate"])
def test_empty_capture_is_the_same_with_any_jobs(desk, same, verb):
    """No frames, no batches."""
    args = ("-c", desk.config(), desk.capture([]), "out.pcap")
    _, found, _ = same(verb, args, ["out.pcap"])
    assert found["frames"] == 0


@pytest.mark.parametrize("out", ["out.pcap", "out.pcapng"])
@pytest.mark.parametrize("validate", ["strict", "check"])
def test_validate_is_the_same_with_any_jobs(desk, same, small_batches, mixed, out, validate):
    """Octets, verdict lines, comments, JSON and exit code of validate."""
    batch = FrameBatch.from_frames(mixed, None, [row // 40 for row in range(len(mixed))])
    with captures.write("mixed.pcapng", interfaces=["a", "b"]) as sink:
        remarks = [f"frame {row}" if row % 5 else None for row in range(len(mixed))]
        sink.write(batch, remarks, [row % 3 for row in range(len(mixed))])
    args = ("-c", desk.config(validate=validate), "mixed.pcapng", out, "--verdicts", "v.jsonl")
    (_, lines), found, _ = same("validate", args, [out, "v.jsonl"])
    assert lines.count(b"\n") == found["frames"] == len(mixed)
    assert len(found["verdicts"]) > 3
    same("validate", (*args, "--strict"), [out, "v.jsonl"], code=3)


def test_replay_is_the_same_with_any_jobs(desk, same, small_batches):
    """The wire capture, JSON and text of replay, both directions."""
    back = [frame[6:12] + frame[:6] + frame[12:] for frame in MANY[::3]]
    frames = [frame for pair in zip(MANY, back, strict=False) for frame in pair]
    args = (desk.capture(frames), "--seed", "7", "--wire", "wire.pcapng")
    _, found, _ = same("replay", args, ["wire.pcapng"])
    assert found["equal"] == found["frames"] == len(frames)
    assert all(way["counters"]["InPktsOK"] for way in found["directions"].values())


# Not st.binary: it also draws constants of the code, keys of other tests among them.
ANY_FRAME = st.lists(st.integers(0, 255), max_size=90).map(bytes)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ANY_FRAME, max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 900)), max_size=6),
    st.integers(1, 9),
    st.integers(2, 5),
)
def test_any_frames_in_any_batches_are_the_same_with_any_jobs(
    desk, monkeypatch, frames, flips, batch_frames, jobs
):
    """Any frames, with any bits flipped on the way, in batches of any size."""
    with monkeypatch.context() as patch:
        patch.setattr(captures, "read", partial(captures.read, batch_frames=batch_frames))
        clear, config = desk.capture(frames), desk.config(validate="check")
        for verb, source in (("protect", clear), ("validate", "flipped.pcap")):
            results = []
            for number in (1, jobs):
                args = (verb, "-c", config, source, "out.pcap", "--jobs", str(number))
                found = desk.json(*args)
                results.append(({**found, "seconds": 0}, Path("out.pcap").read_bytes()))
            assert results[0] == results[1]
            if verb == "protect":
                desk.capture(flipped(desk.frames("out.pcap"), flips), "flipped.pcap")


def flipped(frames, flips):
    """Frames with some bits flipped."""
    changed = [bytearray(frame) for frame in frames]
    for row, bit in flips:
        if row < len(changed) and changed[row]:
            changed[row][bit // 8 % len(changed[row])] ^= 1 << bit % 8
    return [bytes(frame) for frame in changed]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_full_disk_is_exit_1_and_leaves_no_thread(desk, small_batches, jobs):
    """An output that cannot be written ends in 1, in one line, and no thread stays."""
    ended = desk.run(
        "protect", "-c", desk.config(), desk.capture(MANY), "/dev/full", "--jobs", jobs, code=1
    )
    assert "No space left" in ended.stderr


def test_jobs_is_a_number_from_1_on(desk):
    """At least one, and a number."""
    for jobs in ("0", "-1", "many"):
        desk.run("protect", "-c", "x", "y", "z", "--jobs", jobs, code=2)
        desk.run("replay", "y", "--jobs", jobs, code=2)
    assert not Path("z").exists()


def test_pipes_take_any_number_of_jobs(desk, some):
    """`--jobs` beside a pipe changes nothing."""
    config, clear = desk.config(), Path(desk.capture(some)).read_bytes()
    args = ("protect", "-q", "-c", config, "-", "-")
    outputs = [desk.run(*args, "--jobs", jobs, stdin=clear).stdout_bytes for jobs in ("1", "3")]
    assert outputs[0] == outputs[1] != clear
