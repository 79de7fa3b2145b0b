"""A PKCS#11 token in a folder: SoftHSM2, as Debian has it."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
TOKEN, PIN = "holder", "c0ffee-7263"


@cache
def softhsm(folder: Path) -> str:
    """Return the path of the module, with its own token in `folder`. One folder per process."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    module = next((path for path in MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed")
    (folder / "tokens").mkdir(parents=True)
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(config)
    init = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN]
    subprocess.run([*init, "--pin", PIN, "--so-pin", PIN], check=True, capture_output=True)
    return module


def put(module: str, label: str, cak: bytes, **properties: bool) -> None:
    """Put a CAK on the token, as its owner does."""
    import pkcs11
    from pkcs11 import Attribute

    given = {"sensitive": True, "extractable": False, **properties}
    token = pkcs11.lib(module).get_token(token_label=TOKEN)
    try:
        opened = token.open(rw=True, user_pin=PIN)
    except pkcs11.UserAlreadyLoggedIn:
        opened = token.open(rw=True)
    with opened as session:
        template: dict[Any, Any] = {
            Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: pkcs11.KeyType.AES,
            Attribute.VALUE: cak,
            Attribute.LABEL: label,
            Attribute.TOKEN: True,
            Attribute.PRIVATE: True,
            Attribute.SIGN: True,
        }
        session.create_object(
            template | {getattr(Attribute, name.upper()): on for name, on in given.items()}
        )
