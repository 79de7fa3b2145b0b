"""The image of the Containerfile without a container engine: namespaces, chroot, capabilities.

`tests/repository/image/build.sh` builds it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.real.hosts import need

FOLDER = Path(os.environ.get("MACSEC_IMAGE") or Path.home() / ".cache" / "macsec-image")
ENTER = """
root=$1 binds=$2 devices=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
for each in dev run tmp; do mount -t tmpfs tmpfs "$root/$each"; done
chmod 1777 "$root/tmp"
mount -t tmpfs -o uid=1000,gid=1000 tmpfs "$root/data"
for each in /dev/null /dev/zero /dev/urandom $devices; do
    mkdir -p "$(dirname "$root$each")"
    touch "$root$each"
    mount --bind $each "$root$each"
done
for each in $binds; do
    from=${each%%:*} to=${each#*:} to=${to%%:*}
    mkdir -p "$(dirname "$root/data$to")"
    [ -e "$root$to" ] || touch "$root$to"
    mount --bind "$from" "$root$to"
done
exec chroot "$root" "$@"
"""


class Image(NamedTuple):
    """Files and configuration of the image."""

    root: Path
    config: dict[str, Any]

    def command(
        self,
        *command: str,
        user: int | None = None,
        capabilities: Sequence[str] = (),
        devices: Sequence[str] = (),
        binds: Sequence[str] = (),
        unshare: Sequence[str] = ("--net",),
        before: Sequence[str] = (),
    ) -> list[str]:
        """Return the command line that runs a program in a container of the image.

        Without a user it is that of the image. `unshare`: the namespaces that are new beside those
        of mounts and processes. `before` is run in the new network, with all rights.
        """
        uid = self.uid if user is None else user
        allowed = ",".join(("-all", *(f"+{each.lower()}" for each in capabilities)))
        environment = [*self.config["Env"], "HOME=/tmp"]
        enter = ENTER.replace("exec chroot", "\n".join((*before, "exec chroot")))
        inside = [
            *("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"),
            *(f"--bounding-set={allowed}", "--inh-caps=-all"),
            *("env", "-i", f"--chdir={self.config['WorkingDir']}", *environment, *command),
        ]
        places = (str(self.root), " ".join(binds), " ".join(devices))
        names = ("unshare", "--mount", "--pid", "--fork", "--kill-child", *unshare)
        return [*names, "sh", "-ec", enter, "sh", *places, *inside]

    def run(self, *command: str, **more: Any) -> tuple[int, str]:
        """Run a program to its end; return exit code and output, both streams."""
        done = subprocess.run(
            self.command(*command, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    @property
    def uid(self) -> int:
        """The number of the image's user."""
        lines = (self.root / "etc/passwd").read_text().splitlines()
        (found,) = [line.split(":") for line in lines if line.startswith(f"{self.config['User']}:")]
        return int(found[2])


def built() -> Image:
    """Return the image; skip where it is not built."""
    need()
    with contextlib.suppress(FileNotFoundError):
        root = Path((FOLDER / "rootfs").read_text().strip())
        return Image(root, json.loads((FOLDER / "config.json").read_text())["OCIv1"]["config"])
    pytest.skip("the image is not built: tests/repository/image/build.sh")
