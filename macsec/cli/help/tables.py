"""Tables of the guide that are made from the code, as Markdown, by name."""

from __future__ import annotations

from collections.abc import Callable

from macsec.cli.help.entries import entries
from macsec.cli.help.markdown import table
from macsec.cli.help.names import public_names
from macsec.cli.help.outputs import outputs
from macsec.cli.shared.data_plane import KERNEL_VARIABLE
from macsec.cli.shared.edge import EXIT_CODES
from macsec.cli.shared.keys import dumps

ENVIRONMENT = {
    KERNEL_VARIABLE: "forces an AES-GCM kernel of native; `macsec doctor` lists them",
    "MACSEC_DEBUG": "1 shows the traceback of an internal error",
    dumps.VARIABLE: "1 allows debuggers and core dumps to verbs that hold keys",
    "NO_COLOR": "any value: no colours",
}
"""Variables that verbs read."""


COUNTERS = (
    ("InPktsUntagged", "SecY", "10.7.9", "frames without a SecTAG, delivered (not strict)"),
    ("InPktsNoTag", "SecY", "10.7.9", "frames without a SecTAG, refused (strict)"),
    ("InPktsBadTag", "SecY", "10.7.9", "frames with a SecTAG or ICV that is not well formed"),
    ("InPktsUnknownSCI", "SecY", "10.7.9", "frames of an SC that is not here, delivered"),
    ("InPktsNoSCI", "SecY", "10.7.9", "frames of an SC that is not here, refused"),
    ("InPktsNoSA", "SecY", "10.7.9", "2018: InPktsUnknownSCI and InPktsUnusedSA"),
    ("InPktsNoSAError", "SecY", "10.7.9", "2018: InPktsNoSCI and InPktsNotUsingSA"),
    ("InPktsOverrun", "SecY", "10.7.9", "frames beyond the rate of the cipher; 0 here"),
    ("InPktsUnchecked", "receive SC", "10.7.9", "frames that were not checked, delivered"),
    ("InPktsDelayed", "receive SC", "10.7.9", "frames below the lowest PN, delivered (no replay)"),
    ("InPktsLate", "receive SC", "10.7.9", "frames below the lowest PN, refused"),
    ("InPktsOK", "receive SC and SA", "10.7.9", "valid frames, delivered"),
    ("InPktsInvalid", "receive SC and SA", "10.7.9", "wrong ICV, delivered (check)"),
    ("InPktsNotValid", "receive SC and SA", "10.7.9", "wrong ICV, refused"),
    ("InPktsNotUsingSA", "receive SC", "10.7.9", "no SA of the AN is in use, refused"),
    ("InPktsUnusedSA", "receive SC", "10.7.9", "no SA of the AN is in use, delivered"),
    ("InOctetsValidated", "SecY", "10.7.10", "octets of frames that were only authenticated"),
    ("InOctetsDecrypted", "SecY", "10.7.10", "octets of frames that were decrypted"),
    ("OutPktsUntagged", "SecY", "10.7.18", "frames sent without a SecTAG (protect: off)"),
    ("OutPktsTooLong", "SecY", "10.7.18", "frames over the limit of the Common Port"),
    ("OutPktsProtected", "transmit SC and SA", "10.7.18", "frames sent with integrity alone"),
    ("OutPktsEncrypted", "transmit SC and SA", "10.7.18", "frames sent encrypted"),
    ("OutOctetsProtected", "SecY", "10.7.18", "octets of frames sent with integrity alone"),
    ("OutOctetsEncrypted", "SecY", "10.7.18", "octets of frames sent encrypted"),
)
"""Counters of 10.7, by the names of both editions."""


def exit_codes() -> str:
    """Return the exit codes of all verbs."""
    return table(["code", "meaning"], EXIT_CODES.items())


def environment() -> str:
    """Return the environment variables."""
    return table(
        ["variable", "effect"], ((f"`{name}`", text) for name, text in ENVIRONMENT.items())
    )


def verdicts() -> str:
    """Return every verdict with its counter, clause and effect."""
    from macsec.secy import Verdict  # late: most topics do not need it

    rows = [
        (f"`{each.label}`", each.counter or "-", "yes" if each.delivered else "no", each.clause)
        for each in Verdict
    ]
    return table(["verdict", "counter", "passes", "clause"], rows)


def privacy_choices() -> str:
    """Return what the module of MAC Privacy protection leaves open."""
    from macsec.privacy import OPEN  # late: most topics do not need it

    return "\n".join(f"- **{name}**: {text}" for name, text in OPEN.items())


def configuration() -> str:
    """Return every entry of a configuration, section by section."""
    from macsec.config.model import Configuration  # late: it loads the models

    return entries(Configuration.model_json_schema(), "The file")


def topology() -> str:
    """Return every entry of a topology, section by section."""
    from macsec.config.topology.model import Topology  # late: it loads the models

    return entries(Topology.model_json_schema(), "The file")


def counters() -> str:
    """Return every counter of the standard with its clause and meaning."""
    return table(["counter", "where", "clause", "meaning"], COUNTERS)


def _home(check: Callable[..., object] | None) -> str:
    """Return the module and name of a check, or a dash."""
    if check is None:
        return "-"
    inner = getattr(check, "func", check)  # a partial has it
    return f"`{inner.__module__.removeprefix('macsec.conformance.')}.{inner.__name__}`"


def statement() -> str:
    """Return the items of the statement of conformance, each with the module of its check."""
    from macsec.conformance.pics import statements  # late: it loads the emulator

    parts = []
    for pics in statements():
        cases = pics.suite.cases
        rows = [(case.id, pics.status(case.id), case.demand, _home(case.check)) for case in cases]
        parts += [f"## {pics.suite.title}", table(["item", "status", "demand", "check"], rows)]
    return "\n\n".join(parts)


TABLES: dict[str, Callable[[], str]] = {
    "configuration": configuration,
    "counters": counters,
    "environment": environment,
    "exit-codes": exit_codes,
    "outputs": outputs,
    "privacy-choices": privacy_choices,
    "public-names": public_names,
    "statement": statement,
    "topology": topology,
    "verdicts": verdicts,
}
"""All tables by the name that a page has between braces."""
