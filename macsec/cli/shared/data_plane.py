"""The data plane and the AES-GCM kernel that this machine has, and the environment's choice.

Only errors are imported here: `--version` and `help` read the C library without the SecY.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from macsec import __version__
from macsec.errors import EnvironmentLacks, MACsecError
from macsec.native import load

KERNEL_VARIABLE = "MACSEC_KERNEL"


class Plane(NamedTuple):
    """A data plane by name, and the kernel that MACSEC_KERNEL forces, if any."""

    backend: str
    kernel: str | None

    @property
    def captures(self) -> str:
        """The implementation of captures that belongs to it: `reference` or `auto`."""
        return "reference" if self.backend == "reference" else "auto"


class Kernel(NamedTuple):
    """An AES-GCM kernel of the native data plane. `self_test` is None on another CPU."""

    name: str
    needs: str
    supported: bool
    self_test: bool | None


def kernels() -> list[Kernel]:
    """Return the kernels of the native data plane, fastest first; none where it was not built."""
    library = load("auto")
    if library is None:
        return []
    ffi, lib = library.ffi, library.lib
    found = []
    for at in range(lib.macsec_kernel_count()):
        name = ffi.string(lib.macsec_kernel_name(at)).decode()
        needs = ffi.string(lib.macsec_kernel_description(at)).decode()
        supported = bool(lib.macsec_kernel_supported(at))
        passed = lib.macsec_kernel_selftest(at, 0) == 0 if supported else None
        found.append(Kernel(name, needs, supported, passed))
    return found


def chosen_plane(backend: str) -> Plane:
    """Return the plane of `--backend` and MACSEC_KERNEL.

    An unknown kernel is refused on every backend. Raises ConfigError or EnvironmentLacks.
    """
    kernel = os.environ.get(KERNEL_VARIABLE) or None
    if kernel is not None:
        if load("auto") is None:
            raise EnvironmentLacks(
                f"{KERNEL_VARIABLE}={kernel}: the native data plane was not built"
            )
        from macsec.secy.native import check_kernel  # late: it loads the SecY

        check_kernel(kernel)
    return Plane(backend, kernel)


def version_line() -> str:
    """Return version, data plane and kernel in a line, or why no data plane works."""
    try:
        backend, kernel = _native_choice() or _made_choice()
    except MACsecError as error:
        return f"macsec {__version__} ({error})"
    return f"macsec {__version__} ({backend} data plane, {kernel} kernel)"


def _native_choice() -> tuple[str, str] | None:
    """The choice of `auto` without making a SecY, which takes six times as long to load."""
    if os.environ.get(KERNEL_VARIABLE):
        return None
    return next((("native", each.name) for each in kernels() if each.self_test), None)


def _made_choice() -> tuple[str, str]:
    from macsec.secy import SecY  # late: `--version` seldom needs it

    with SecY(None, *chosen_plane("auto")) as secy:
        return secy.backend, secy.kernel
