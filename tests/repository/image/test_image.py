"""The image of the Containerfile: first commands as its user, and the rights of a tap."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.outputs.pages import ROOT, documents
from support.real.image import Image, built

pytestmark = [pytest.mark.network, pytest.mark.programs]

PACKAGE = ROOT / "macsec"
CABLE = "ip link add eth0 type veth peer peer; ip link set eth0 up; ip link set peer up"
TAP = """
umask 077
key=30313233343536373839303132333435
printf '%s\\n' "secy: {}" "tx: {sci: 5254001301560001, sa: {0: {key: $key, pn: 1}}}" >link.yaml
macsec tap -q -c link.yaml --lower eth0 --upper ms0 &
tap=$!
while kill -0 $tap 2>/dev/null; do
    ip link show ms0 >/dev/null 2>&1 && echo "ms0 is up" && kill $tap
    sleep 0.1
done
wait $tap
"""
RIGHTS: dict[str, Any] = {
    "user": 0,
    "capabilities": ("NET_ADMIN", "NET_RAW"),
    "devices": ("/dev/net/tun",),
}


@pytest.fixture(scope="module")
def image() -> Image:
    """The image, built by build.sh beside this file."""
    return built()


def test_the_image_is_that_of_an_unprivileged_user(image: Image) -> None:
    """User 1000 in its own folder /data, `macsec` as the command."""
    assert image.config["Entrypoint"] == ["macsec"]
    assert image.config["Cmd"] == ["--help"]
    assert (image.uid, image.config["WorkingDir"]) == (1000, "/data")
    assert (image.root / "data").stat().st_uid == 1000
    assert not list(image.root.glob("opt/macsec/lib/python3*/site-packages/pip*"))
    code, output = image.run("sh", "-c", "id -u; grep -E 'Cap(Prm|Eff|Bnd)' /proc/self/status")
    assert (code, set(re.findall(r"[0-9a-f]{16}", output))) == (0, {"0" * 16})
    assert output.splitlines()[0] == "1000"


def test_first_commands_run_as_its_user(image: Image) -> None:
    """No arguments print the help; the sample goes through the native plane into /data."""
    code, output = image.run(*image.config["Entrypoint"], *image.config["Cmd"])
    assert code == 0
    assert output.startswith("Usage: macsec ")
    code, output = image.run("macsec", "doctor")
    assert code == 0
    assert re.search(r"^macsec .* native data plane", output)
    assert re.search(r"^ *native plane +yes$", output, re.M)
    for extra in ("watch", "exporter", "zstd"):
        assert re.search(rf"^ *extra {extra} (?!.*missing)", output, re.M), output
    code, output = image.run("sh", "-c", "macsec replay --sample && ls -l sample.macsec.pcapng")
    assert code == 0, output
    assert "sample.macsec.pcapng" in output.splitlines()[-1]


def test_no_file_of_the_package_is_cleaned_away(image: Image) -> None:
    """A folder of the guide has the name that other packages give to their tests."""
    (there,) = image.root.glob("opt/macsec/lib/python3*/site-packages/macsec")
    for form in ("*.py", "*.md", "*.json", "*.yaml"):
        here = {path.relative_to(PACKAGE) for path in PACKAGE.rglob(form)}
        assert {path.relative_to(there) for path in there.rglob(form)} == here
    code, output = image.run("macsec", "help", "attacks")
    assert code == 0, output


def test_a_tap_runs_with_the_rights_of_the_guide(image: Image) -> None:
    """User 0 with two capabilities and one device; the page `containers` names no other."""
    page = documents()["containers"]
    assert set(re.findall(r"`--cap-add (\w+)`", page)) == set(RIGHTS["capabilities"])
    assert set(re.findall(r"`--device (\S+)`", page)) == set(RIGHTS["devices"])
    code, output = image.run("sh", "-c", TAP, before=[CABLE], **RIGHTS)
    assert (code, output.splitlines()[:1]) == (0, ["ms0 is up"]), output


@pytest.mark.parametrize(
    "change",
    [
        {"capabilities": ("NET_ADMIN",)},
        {"capabilities": ("NET_RAW",)},
        {"devices": ()},
        {"user": 1000},
    ],
    ids=["no-net-raw", "no-net-admin", "no-device", "no-root"],
)
def test_each_of_these_rights_is_needed(image: Image, change: dict[str, object]) -> None:
    """Without one the tap ends with exit 5, and one line."""
    code, output = image.run("sh", "-c", TAP, before=[CABLE], **{**RIGHTS, **change})
    assert code == 5, output
    assert re.fullmatch(r"macsec: .*\n", output)
