"""The asyncio face to labs, on a double that answers as the verbs do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.real.hosts import PATIENCE, until

from macsec import trust
from macsec.errors import ConfigError, MACsecError
from macsec.live import aio
from macsec.live.aio import labs, running

DOUBLE = """
import json, os, signal, socket, sys, threading
log, words = sys.argv[1], sys.argv[2:]
print(json.dumps([os.getpid(), *words]), file=open(log, "a"))
if words[:2] == ["lab", "up"]:
    if words[2] == "none.yaml":
        sys.exit("macsec: warning first\\nmacsec: none.yaml: No such file or directory")
    folder = words[words.index("--state") + 1]
    if words[2] == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.mkdir(folder)
    events = open(words[words.index("--events") + 1], "a", buffering=1)
    answers, asked = json.loads(os.environ["ANSWERS"]), 0
    server = socket.socket(socket.AF_UNIX)
    server.bind(folder + "/status")
    server.listen()
    open(folder + "/lab.json", "w").write(
        json.dumps({"pid": os.getpid(), "topology": "t", "places": {"host:web": "/x"}}))
    lock = open(folder + "/lock", "w")
    import fcntl
    fcntl.flock(lock, fcntl.LOCK_EX)
    while True:
        peer, _ = server.accept()
        answer = answers[min(asked, len(answers) - 1)]
        asked += 1
        if answer is None:
            sys.exit("macsec: link west: its pump failed")
        peer.sendall(json.dumps(answer).encode())
        peer.close()
        events.write(json.dumps({"event": "asked", "number": asked}) + "\\n")
elif words[:2] == ["lab", "exec"]:
    rest = words[words.index("--") + 1:]
    os.execvp(rest[0], rest)
elif words[:2] == ["mka", "set"]:
    if "--suspend" in words:
        sys.exit("macsec: west:a: no Key Server here")
    print(json.dumps({"changes": ["counters"], "reason": "secured"}))
"""


def status(*states: str | None) -> dict[str, Any]:
    """Return a status with a link for each state of key agreement, None for static keys."""
    return {
        "hosts": [{"name": "web"}, {"name": "db"}],
        "links": [
            {
                "name": f"l{number}",
                "between": ["west", "east"],
                "ends": [{"counters": {"InPktsOK": number}}, {"counters": {"InPktsOK": 7}}],
                "mka": None if state is None else {"status": state},
            }
            for number, state in enumerate(states)
        ],
    }


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file with a line for each verb that is run: its process and its words."""
    script, log = tmp_path / "double.py", tmp_path / "ran"
    script.write_text(DOUBLE)
    log.touch()
    command = [sys.executable, "-ISE", str(script), str(log)]
    monkeypatch.setattr(trust, "ourselves", lambda *words: [*command, *words])
    monkeypatch.setattr(running, "POLL_S", 0.01)
    monkeypatch.setattr(labs, "POLL_S", 0.01)
    monkeypatch.setenv("ANSWERS", json.dumps([status("secured")]))
    yield log
    for pid, *words in _lines(log):
        until(lambda pid=pid: not _alive(pid), f"the end of {words}")


def _lines(log: Path) -> list[list[Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def _alive(pid: int) -> bool:
    """Return whether a process runs; one that was killed may not be reaped yet."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def numbers(lab: aio.AsyncLab, least: int | None = None) -> list[int]:
    """Return the numbers of all events; of a lab that runs, of the first `least`.

    The double answers first and writes its event then: it must not be ended in between.
    """
    found: list[int] = []
    async for each in lab.events():
        found.append(each["number"])
        if len(found) == least:
            break
    return found


def test_a_lab_is_up_while_the_block_runs(ran: Path) -> None:
    """Its hosts, counters by port, and events from the first on, until it has ended."""

    async def main() -> None:
        async with aio.lab("two.yaml") as lab:
            assert lab.hosts == ("web", "db")
            assert await lab.counters() == {
                "l0:west": {"InPktsOK": 0},
                "l0:east": {"InPktsOK": 7},
            }
            assert await numbers(lab, 3) == [1, 2, 3]
            await lab.stop()
            assert await numbers(lab) == [1, 2, 3]
            with pytest.raises(MACsecError, match=r"^two\.yaml: the lab is not up$"):
                await lab.status()
        with pytest.raises(MACsecError, match="the lab is not up"):
            await lab.status()
        assert await numbers(lab) == [1, 2, 3]

    asyncio.run(main())
    ((_, *words),) = _lines(ran)
    assert words[:3] == ["lab", "up", "two.yaml"]
    assert not Path(words[words.index("--state") + 1]).exists()


def test_secured_waits_for_all_links_with_key_agreement(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two is not secured at first; static keys need no wait."""
    early = [status("secured", "not secured", None)] * 3
    monkeypatch.setenv("ANSWERS", json.dumps([*early, status("secured", "secured", None)]))

    async def main() -> list[int]:
        async with aio.lab("two.yaml") as lab:
            await asyncio.wait_for(lab.secured(), PATIENCE)
            return await numbers(lab, 4)

    assert asyncio.run(main()) == [1, 2, 3, 4]


def test_programs_run_on_hosts_and_give_output_and_exit_code(ran: Path) -> None:
    """As `asyncio.create_subprocess_exec`; an unknown host is an error with the known ones."""

    async def main() -> None:
        async with aio.lab("two.yaml") as lab:
            command = ("sh", "-c", "cat; exit 3")
            pipe = asyncio.subprocess.PIPE
            program = await lab.exec("web", *command, stdin=pipe, stdout=pipe)
            output, _ = await program.communicate(b"in")
            assert (program.returncode, output) == (3, b"in")
            with pytest.raises(ConfigError, match="its hosts are web"):
                await lab.exec("mail", "true")
            with pytest.raises(ConfigError, match="no command"):
                await lab.exec("web")

    asyncio.run(main())
    words = _lines(ran)[1][1:]
    assert words[:3] == ["lab", "exec", "--state"]
    assert words[4:6] == ["web", "--"]


def test_a_port_is_changed_by_options_of_mka_set(ran: Path) -> None:
    """Flags, values, and options that are given more than once; the error is the verb's."""

    async def main() -> None:
        async with aio.lab("two.yaml") as lab:
            answer = await lab.change(
                "l0:west",
                clear_counters=True,
                now=False,
                macsec="on",
                enable=["01", "02"],
                activate=[("01", "always")],
            )
            assert answer == "secured"
            with pytest.raises(MACsecError, match=r"^west:a: no Key Server here$"):
                await lab.change("west:a", suspend=5)

    asyncio.run(main())
    words = _lines(ran)[1][1:]
    assert words[:4] == ["mka", "set", "l0:west", "--state"]
    assert words[5:] == [
        *("--json", "--clear-counters", "--macsec", "on"),
        *("--enable", "01", "--enable", "02", "--activate", "01", "always"),
    ]


def test_a_lab_that_cannot_start_raises_the_line_of_the_verb(ran: Path) -> None:
    """The last one; the block does not run."""

    async def main() -> None:
        async with aio.lab("none.yaml"):
            raise AssertionError("the block ran")

    with pytest.raises(MACsecError, match=r"^none\.yaml: No such file or directory$"):
        asyncio.run(main())


def test_a_lab_that_fails_meanwhile_says_why(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its events end, and a question raises with its last line."""
    monkeypatch.setenv("ANSWERS", json.dumps([status("secured")] * 2 + [None]))

    async def main() -> None:
        async with aio.lab("two.yaml") as lab:
            with contextlib.suppress(MACsecError):
                await lab.status()
            assert await numbers(lab) == [1, 2]
            with pytest.raises(MACsecError, match=r"the lab is not up: link west: its pump failed"):
                await lab.status()

    asyncio.run(main())


@pytest.mark.parametrize("topology", ["two.yaml", "deaf"])
def test_a_cancelled_task_leaves_nothing(
    ran: Path, monkeypatch: pytest.MonkeyPatch, topology: str
) -> None:
    """Neither the lab, even one that does not hear SIGTERM, nor a program on a host."""
    monkeypatch.setattr(aio.AsyncLab, "end_s", 0.2)

    async def hold(ready: asyncio.Event) -> None:
        async with aio.lab(topology) as lab:
            await lab.exec("web", "sleep", "1000")
            ready.set()
            async for _ in lab.events():
                pass

    async def main() -> None:
        ready = asyncio.Event()
        task = asyncio.ensure_future(hold(ready))
        await asyncio.wait_for(ready.wait(), PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert _lines(ran)[0][1:3] == ["lab", "up"]


def test_a_second_cancel_kills_at_once(ran: Path) -> None:
    """A lab that does not hear SIGTERM, while its end is awaited."""

    async def hold(ready: asyncio.Event) -> None:
        async with aio.lab("deaf"):
            ready.set()

    async def main() -> None:
        ready = asyncio.Event()
        task = asyncio.ensure_future(hold(ready))
        await asyncio.wait_for(ready.wait(), PATIENCE)
        for _ in range(5):  # the end is awaited now
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(main())


def test_a_named_lab_is_in_the_folder_of_all(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the other verbs find it."""
    monkeypatch.setattr(labs, "DEFAULT", str(tmp_path))
    made: list[tuple[str, ...]] = []

    async def start(self: aio.AsyncLab, *words: str) -> None:
        made.append(words)
        raise MACsecError("no")

    monkeypatch.setattr(aio.AsyncLab, "_start", start)

    async def main() -> None:
        async with aio.lab("two.yaml", name="mine") as lab:
            await lab.status()

    with pytest.raises(MACsecError, match="no"):
        asyncio.run(main())
    assert made == [("lab", "up", "two.yaml", "--name", "mine")]
