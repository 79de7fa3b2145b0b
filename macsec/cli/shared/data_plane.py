"""What is asked of this machine: its data plane, its kernels, the choice from the environment."""

from __future__ import annotations

import os
from typing import NamedTuple

from macsec.errors import EnvironmentLacks, MACsecError

KERNEL_VARIABLE = "MACSEC_KERNEL"


class Plane(NamedTuple):
    """The data plane that was asked for."""

    backend: str
    kernel: str | None

    @property
    def captures(self) -> str:
        """The backend of the capture code that goes with it."""
        return "reference" if self.backend == "reference" else "auto"


def chosen_plane(backend: str) -> Plane:
    """The plane of `--backend` and MACSEC_KERNEL. An unknown kernel is refused on any backend."""
    kernel = os.environ.get(KERNEL_VARIABLE) or None
    if kernel is not None:
        from macsec.native import load

        if load("auto") is None:
            raise EnvironmentLacks(
                f"{KERNEL_VARIABLE}={kernel}: the native data plane was not built"
            )
        from macsec.secy.native import check_kernel

        check_kernel(kernel)
    return Plane(backend, kernel)


def version_line() -> str:
    """Version, data plane and kernel."""
    from macsec import SecY, __version__

    try:
        with SecY(None, *chosen_plane("auto")) as secy:
            return f"macsec {__version__} ({secy.backend} data plane, {secy.kernel} kernel)"
    except MACsecError as error:
        return f"macsec {__version__} ({error})"
