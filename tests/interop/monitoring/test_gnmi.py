"""`macsec gnmi` with pygnmi: a lab that is up, and two taps on a cable."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.outputs.pages import blocks
from support.real import hosts
from support.real.hosts import end, until
from support.real.taps import Tap, mka_configuration
from support.real.up_lab import CAK, CKN, ROOT, UpLab, keyed, started

pytest.importorskip("macsec._native", reason="the native data plane is not built")
pytest.importorskip("grpc", reason="grpcio is not installed: extra gnmi")
client_module = pytest.importorskip("pygnmi.client", reason="pygnmi is not installed")
bcrypt = pytest.importorskip("bcrypt", reason="bcrypt is not installed: extra gnmi")

PASSWORD = "secret"
PATIENCE_S = 60
LEFT, RIGHT = "left-right:left", "left-right:right"
POLICIES, PORTS = "/macsec/mka/policies/policy", "/macsec/interfaces/interface"

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"  # pygnmi's threads, when a stream ends
)


@contextlib.contextmanager
def serving(folder: Path, *words: str) -> Iterator[int]:
    """Run the server with a user; yield its port."""
    web = folder / "web.yaml"
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    web.write_text(json.dumps({"basic_auth_users": {"lab": hashed}}))
    log = folder / "gnmi.log"
    command = [sys.executable, "-m", "macsec", "gnmi", "--listen", "127.0.0.1:0"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--web-config", str(web), *words], stderr=output, cwd=ROOT
        )
    try:
        until(lambda: "gNMI at" in log.read_text(), "the server", process)
        yield int(re.findall(r"127\.0\.0\.1:(\d+)", log.read_text())[0])
    finally:
        end(process)


def client(port: int, password: str = PASSWORD) -> Any:
    """Return a client."""
    address = ("127.0.0.1", port)
    return client_module.gNMIclient(
        target=address, username="lab", password=password, insecure=True
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[UpLab, int]]:
    """Return a lab that is up, and the port of a server beside it."""
    folder = tmp_path_factory.mktemp("gnmi")
    topology = keyed(folder, f"{{cak: {CAK}, ckn: {CKN}}}")
    with (
        started(folder / "state", topology) as up,
        serving(folder, "--state", str(up.folder)) as port,
    ):
        yield up, port


def values(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the values of an answer by the paths as text."""
    return {
        each["path"]: each["val"]
        for note in answer["notification"]
        for each in note.get("update", ())
    }


def refusal(act: Callable[[], Any]) -> str:
    """Return the status and the words of a call that must fail."""
    with pytest.raises(client_module.gNMIException) as refused:
        act()
    error = refused.value.orig_exc
    return f"{error.code().name}: {error.details()}"


def test_reads_have_models_types_and_wildcards_and_no_key(lab: tuple[UpLab, int]) -> None:
    """Capabilities, and Get in each encoding."""
    with client(lab[1]) as c:
        able = c.capabilities()
        assert "openconfig-macsec" in {each["name"] for each in able["supported_models"]}
        assert set(able["supported_encodings"]) == {"json_ietf", "json", "proto", "ascii"}
        found = values(c.get(path=[f"{PORTS}[name=*]/state/ckn"], encoding="proto"))
        assert [path.rpartition("interface")[2] for path in found] == [
            f"[name={name}]/state/ckn" for name in (LEFT, RIGHT)
        ]
        assert set(found.values()) == {CKN}
        entry = values(c.get(path=[f"{PORTS}[name={LEFT}]"], datatype="config", encoding="json"))
        assert "state" not in next(iter(entry.values()))
        whole = json.dumps(c.get(path=["/"], encoding="json_ietf"))
        assert "openconfig-keychain:keychains" in whole
        assert CAK not in whole
        assert refusal(lambda: c.get(path=["/macsec/nothing"])).startswith(
            "NOT_FOUND: /macsec/nothing"
        )
    # It asks for the capabilities when it connects.
    refused = refusal(client(lab[1], "wrong").connect)
    assert refused.startswith("UNAUTHENTICATED: metadata username")


def test_subscriptions_sync_poll_and_follow_changes(lab: tuple[UpLab, int]) -> None:
    """ONCE and POLL end with a sync; a STREAM has the change that a Set made."""
    status = {"path": f"{PORTS}[name=*]/state/status"}
    priority = f"{POLICIES}[name={LEFT}]/config/key-server-priority"
    with client(lab[1]) as c:
        once = c.subscribe_once(subscribe={"subscription": [status], "encoding": "proto"})
        first = once.get_update(timeout=PATIENCE_S)
        assert {each["val"] for each in first["update"]["update"]} == {"ACTIVE"}
        assert once.get_update(timeout=PATIENCE_S)["sync_response"] is True
        poll = c.subscribe_poll(subscribe={"subscription": [status], "encoding": "json"})
        for _ in range(2):
            answer = poll.get_update(timeout=PATIENCE_S)
            assert len(answer["update"]["update"]) == 2
        listed = [{"path": priority, "mode": "on_change"}]
        stream = c.subscribe_stream(subscribe={"subscription": listed, "encoding": "proto"})
        assert stream.get_update(timeout=PATIENCE_S)["sync_response"] is True
        c.set(update=[(priority, 9)], encoding="json_ietf")
        (changed,) = stream.get_update(timeout=PATIENCE_S)["update"]["update"]
        assert (changed["path"], changed["val"]) == (priority[1:], 9)
        for each in (once, poll, stream):
            each.close()


def test_a_set_is_done_as_a_whole_or_not_at_all(lab: tuple[UpLab, int]) -> None:
    """A second path that is refused leaves the first port as it was."""
    interval = "config/sak-rekey-interval"
    good, bad = f"{POLICIES}[name={LEFT}]/{interval}", f"{POLICIES}[name={RIGHT}]"
    with client(lab[1]) as c:
        before = values(c.get(path=[POLICIES], encoding="json"))
        refused = refusal(lambda: c.set(update=[(good, 60), (f"{bad}/{interval}", 5)]))
        assert refused.startswith(f"INVALID_ARGUMENT: {bad}/{interval}: expected seconds")
        refused = refusal(lambda: c.set(update=[(good, 60)], replace=[("/macsec", {})]))
        assert refused == "INVALID_ARGUMENT: /macsec: cannot be set here"
        offset = {"macsec-cipher-suite": ["GCM_AES_XPN_256"], "confidentiality-offset": "30_BYTES"}
        refused = refusal(lambda: c.set(update=[(good, 60), (f"{bad}/config", offset)]))
        assert refused.startswith(f"INVALID_ARGUMENT: {RIGHT}: offset 30")
        assert values(c.get(path=[POLICIES], encoding="json")) == before
        changed = {"macsec-cipher-suite": ["GCM_AES_256"], "security-policy": "SHOULD_SECURE"}
        c.set(update=[(f"{POLICIES}[name={name}]/config", changed) for name in (LEFT, RIGHT)])
        suites = values(c.get(path=[f"{POLICIES}[name=*]/state/macsec-cipher-suite"]))
        assert list(suites.values()) == [["GCM_AES_256"]] * 2
        c.set(delete=[f"{POLICIES}[name={name}]/config/security-policy" for name in (LEFT, RIGHT)])
        again = values(c.get(path=[f"{POLICIES}[name=*]/config/security-policy"]))
        assert set(again.values()) == {"MUST_SECURE"}


def test_the_script_of_the_guide_runs_as_printed(lab: tuple[UpLab, int]) -> None:
    """With the port of this server."""
    page = blocks("gnmi")
    (script,) = (each.text for each in page if each.language == "python")
    assert "9339" in script
    command = [sys.executable, "-u", "-c", script.replace("9339", str(lab[1]))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watch = threading.Timer(60, process.kill)
        watch.start()
        try:
            assert process.stdout is not None
            assert "ACTIVE" in process.stdout.readline()
            assert "update" in process.stdout.readline()
        finally:
            watch.cancel()
            process.kill()  # it prints updates until Ctrl-C


def test_taps_of_one_name_are_ports_of_one_target(tmp_path: Path) -> None:
    """Two taps, both ms0: each has its namespace in its name; one is changed by its name alone."""
    hosts.need("ping")
    with hosts.hosts(tmp_path) as both, contextlib.ExitStack() as ending:
        hosts.cable(*both)
        taps = []
        for at, host in enumerate(both, 1):
            config = mka_configuration(tmp_path / f"{at}.yaml", "31" * 32, at)
            taps.append(Tap(host, "wire", config, f"10.6.0.{at}"))
            ending.callback(taps[-1].close)
        until(lambda: all(tap.secured for tap in taps), "two secured taps", taps[0].process)
        with serving(tmp_path) as port, client(port) as c:
            found = values(c.get(path=[f"{PORTS}[name=*]/config/name"], encoding="json"))
            names = [name for name in found.values() if name.startswith("ms0@")]
            assert len(names) == 2
            priority = f"{POLICIES}[name={names[0]}]/config/key-server-priority"
            had = values(c.get(path=[priority], encoding="json"))[priority[1:]]
            c.set(update=[(priority, 77)])
            assert values(c.get(path=[priority], encoding="json")) == {priority[1:]: 77}
            until(lambda: all(tap.secured for tap in taps), "both again", taps[0].process)
            others = [tap.status()["status"] for tap in taps]
            assert had in (1, 2), others
