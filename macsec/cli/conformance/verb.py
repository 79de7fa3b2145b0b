"""`macsec conformance`: the options, and which of its runs they ask for."""

from __future__ import annotations

import click

from macsec import conformance
from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.files import page_file
from macsec.conformance.suites import NAMES
from macsec.conformance.suites.catalog import ALL
from macsec.conformance.targets import BACKENDS

from .pics import run_pics
from .suites import Wanted, one_a_backend, run_plans
from .vectors import make_vectors, run_vectors


@click.command("conformance", short_help="Run test vectors, and other people's test plans.")
@click.argument("files", nargs=-1, type=options.FILE, metavar="[FILE]...")
@click.option(
    "--suite",
    "suites",
    multiple=True,
    type=click.Choice([*NAMES, ALL]),
    help="Run the cases of this test plan (repeatable).",
)
@click.option(
    "--case",
    "cases",
    multiple=True,
    metavar="ID",
    help="With --suite: run only the cases whose ID begins so (repeatable).",
)
@click.option(
    "--new",
    "made",
    metavar="FILE.json",
    type=options.FILE,
    help="Make vectors of the frames of a capture, with -c; nothing is run.",
)
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    type=options.FILE,
    help="With --new: the configuration of the SecY that protects them.",
)
@click.option("--pics", is_flag=True, help="Check and print the statement of conformance.")
@page_file.option()
@click.option(
    "--junit", type=options.FILE, metavar="OUT.xml", help="With --suite: write JUnit XML for CI."
)
@options.json_data
@click.option(
    "--backend",
    "backends",
    multiple=True,
    type=click.Choice(["native", "reference"]),
    help="Run on this data plane only (repeatable). Key agreement always runs.",
)
@click.option(
    "--kernel",
    "kernels",
    multiple=True,
    metavar="NAME",
    help="Run on this AES-GCM kernel of native only (repeatable).",
)
def command(
    files: tuple[str, ...],
    suites: tuple[str, ...],
    cases: tuple[str, ...],
    made: str | None,
    config: str | None,
    pics: bool,
    report: str | None,
    junit: str | None,
    as_json: bool,
    backends: tuple[str, ...],
    kernels: tuple[str, ...],
) -> int:
    """Run the built-in test vectors and the 24 named cases, or only the vectors of FILE.

    A FILE has the schema macsec-vectors/1. Each vector runs on every backend and kernel, and fails
    if it fails on one of them.

    With --new FILE.json -c FILE CAPTURE make such a file: the frames of CAPTURE and how the SecY of
    FILE sends them. It holds the SAK, and its owner alone can read it.

    With --suite run the cases of other people's test plans under their own IDs, in virtual time, on
    both data planes: pass, fail, part (what is not meant for software is named), or not applicable.

    With --pics run the checks of the statement of conformance, item by item: IEEE 802.1AE-2018
    Annex A and D, and MKA of IEEE 802.1X-2020. A yes is a check that held in this run; Table 10-3
    is measured, and not judged on a busy machine.

    Exit 3 if a vector, a case or a check failed.
    """
    if made is not None or config is not None:
        if made is None or config is None or len(files) != 1 or suites or pics:
            raise click.UsageError("vectors are made by --new FILE.json -c FILE CAPTURE")
        return make_vectors(made, config, files[0])
    if files and suites:
        raise click.UsageError("FILE has vectors: it does not go with --suite")
    if pics and (files or suites or cases or junit):
        raise click.UsageError("--pics goes with --report, --json, --backend and --kernel only")
    if not suites and not pics and (cases or junit):
        raise click.UsageError("--case and --junit need --suite")
    targets, not_run = conformance.available(*_wanted(backends, kernels))
    if pics:
        return run_pics(one_a_backend(targets), as_json, report)
    if suites:
        return run_plans(Wanted(suites, cases), targets, as_json, report, junit)
    return run_vectors(files, as_json, targets, not_run, report)


def _wanted(
    backends: tuple[str, ...], kernels: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the wanted backends and kernels; MACSEC_KERNEL leaves one native kernel."""
    forced = chosen_plane("auto").kernel
    if kernels or forced is None:
        return backends, kernels
    wanted = backends or BACKENDS
    return wanted, (forced,) if "native" in wanted else ()
