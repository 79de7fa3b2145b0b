"""The tasks as workers run them: with the key of the run from where the worker has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from macsec.cli.shared.keys import dumps, vault
from macsec.config.sources import KeyRing, KeySource
from macsec.corpus import tasks
from macsec.corpus.order import CaptureJson, Order
from macsec.corpus.wrapping import RUN_KEY_VARIABLE, run_key_of
from macsec.errors import ConfigError
from macsec.keys import Key

DEFAULT_KEY = f"env:{RUN_KEY_VARIABLE}"
_SECRETS = "/secrets/"


def find_key(reference: str) -> Key:
    """Return the key of the run: `env:NAME`, `file:PATH`, or the URL of a secret in a Key Vault.

    Raises ConfigError, EnvironmentLacks.
    """
    if reference.startswith("https://") and _SECRETS in reference:
        url, _, name = reference.partition(_SECRETS)
        secret: Any = vault.client(url).get_secret(name.partition("/")[0])
        return run_key_of(secret.value or "", reference)
    from pathlib import Path

    try:
        source = KeySource.reference_of(reference)
    except ValueError as error:
        raise ConfigError(f"the key of the run: {error}, or a secret of a Key Vault") from None
    with KeyRing(Path()) as ring:
        text = ring.key(source).in_place().hex()
    return run_key_of(text, reference)


def whole(order: Order) -> CaptureJson:
    """Work on a whole capture."""
    dumps.forbid("corpus")
    return tasks.whole(order, find_key)


def part(order: Order) -> tasks.PartDone:
    """Work on a part of a capture."""
    dumps.forbid("corpus")
    return tasks.part(order, find_key)


def joined(order: Order, parts: Sequence[tasks.PartDone]) -> CaptureJson:
    """Join the parts of a capture."""
    dumps.forbid("corpus")
    return tasks.joined(order, parts, find_key)


def surveyed(order: Order) -> dict[str, Any]:
    """Survey a capture."""
    dumps.forbid("corpus")
    return tasks.surveyed(order, find_key)
