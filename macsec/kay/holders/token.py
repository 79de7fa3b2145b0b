"""A CAK on a PKCS#11 token, which it never leaves (PKCS#11 2.40: CKM_AES_CMAC, CKM_AES_KEY_WRAP).

The library is python-pkcs11 (D-26).

What runs where:

    CAK         stays on the token: sensitive and not extractable, or it is refused
    KDF         its AES-CMAC runs on the token, one call for each block of output
    KEK, ICK    leave those calls as octets, return as session objects that cannot be
                extracted, and are wiped here: ICVs and key wrap run on the token
    SAK         leaves the token, because the data plane needs it
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from macsec import extras
from macsec.errors import ConfigError, EnvironmentLacks, MACsecError
from macsec.kay.keys import derivation
from macsec.keys import Key, Uncopyable


class TokenHolder(Uncopyable):
    """The AES key labelled `label` on an open session of python-pkcs11, with its CKN.

    Raises ConfigError for a key that is missing or extractable; EnvironmentLacks for a token
    without AES-CMAC. A token that fails later raises MACsecError.
    """

    __slots__ = ("_cak", "_ick", "_kek", "_lock", "_p11", "_session", "cak_length", "ckn")

    def __init__(self, session: Any, label: str, ckn: bytes) -> None:
        self._p11 = _library()
        self._session, self.ckn = session, bytes(ckn)
        self._lock = threading.Lock()
        self._cak = self._find(label)
        self.cak_length = self._length(label)
        self._kek = self._derived(derivation.LABEL_KEK, wrap=True, unwrap=True)
        self._ick = self._derived(derivation.LABEL_ICK, sign=True)

    def icv(self, octets: bytes) -> bytes:
        """See `CakHolder`."""
        return self._cmac(self._ick, octets)

    def icv_valid(self, octets: bytes, given: bytes) -> bool:
        """See `CakHolder`."""
        return hmac.compare_digest(self.icv(octets), given)

    def wrap(self, sak: Key) -> bytes:
        """See `CakHolder`."""
        with self._token():
            inside = self._object(sak.expose(), extractable=True, sensitive=False)
            try:
                return bytes(self._kek.wrap_key(inside, mechanism=self._mechanism.AES_KEY_WRAP))
            finally:
                inside.destroy()

    def unwrap(self, wrapped: bytes) -> Key | None:
        """See `CakHolder`."""
        p11, attribute = self._p11, self._p11.Attribute
        refusals = (
            p11.WrappedKeyInvalid,
            p11.WrappedKeyLenRange,
            p11.EncryptedDataInvalid,
            p11.EncryptedDataLenRange,
            p11.GeneralError,  # SoftHSM's error for a wrong check value
        )
        with self._token():
            try:
                inside = self._kek.unwrap_key(
                    p11.ObjectClass.SECRET_KEY,
                    p11.KeyType.AES,
                    wrapped,
                    mechanism=self._mechanism.AES_KEY_WRAP,
                    template={
                        attribute.TOKEN: False,
                        attribute.EXTRACTABLE: True,
                        attribute.SENSITIVE: False,
                    },
                )
            except refusals:
                return None
            try:
                return Key(inside[attribute.VALUE])
            finally:
                inside.destroy()

    def sak(self, nonce: bytes, members: Sequence[bytes], kn: int, length: int) -> Key:
        """See `CakHolder`."""
        context = derivation.sak_context(nonce, members, kn, length)
        return Key.taking(self._kdf(derivation.LABEL_SAK, context, length))

    def close(self) -> None:
        """Delete KEK and ICK from the token; the holder is unusable after this."""
        with self._token():
            self._kek.destroy()
            self._ick.destroy()

    @property
    def _mechanism(self) -> Any:
        return self._p11.Mechanism

    def _find(self, label: str) -> Any:
        attribute, classes = self._p11.Attribute, self._p11.ObjectClass
        sought = {attribute.CLASS: classes.SECRET_KEY, attribute.LABEL: label}
        with self._token():
            found = list(self._session.get_objects(sought))
            if len(found) != 1:
                raise ConfigError(f"token: {len(found)} secret keys have the label {label!r}")
            if found[0][attribute.EXTRACTABLE] or not found[0][attribute.SENSITIVE]:
                raise ConfigError(
                    f"token: key {label!r} is extractable: it must be sensitive and not extractable"
                )
            if not found[0][attribute.SIGN]:
                raise ConfigError(f"token: key {label!r} may not sign, which AES-CMAC needs")
        return found[0]

    def _length(self, label: str) -> int:
        with self._token():
            length = int(self._cak[self._p11.Attribute.VALUE_LEN])
        if length not in derivation.KEY_LENGTHS:
            raise ConfigError(f"token: key {label!r} has {length} octets, a CAK has 16 or 32")
        return length

    def _derived(self, label: bytes, **uses: bool) -> Any:
        """Derive KEK or ICK, and return it as an object of the token (9.3.3)."""
        with self._token():
            octets = Key.taking(
                self._kdf(label, derivation.ckn_context(self.ckn), self.cak_length, locked=True)
            )
            try:
                return self._object(octets.expose(), extractable=False, sensitive=True, **uses)
            finally:
                octets.wipe()

    def _kdf(self, label: bytes, context: bytes, length: int, locked: bool = False) -> bytes:
        """6.2.1, the KDF of `derivation.kdf`, one CMAC of the token for each block."""
        fixed = label + b"\0" + context + (8 * length).to_bytes(2)
        count = -(-length // derivation.ICV_LENGTH)
        blocks = [
            self._cmac(self._cak, bytes([block]) + fixed, locked) for block in range(1, count + 1)
        ]
        return b"".join(blocks)[:length]

    def _cmac(self, key: Any, octets: bytes, locked: bool = False) -> bytes:
        if locked:
            return bytes(key.sign(octets, mechanism=self._mechanism.AES_CMAC))
        with self._token():
            return bytes(key.sign(octets, mechanism=self._mechanism.AES_CMAC))

    def _object(self, octets: bytes, **properties: bool) -> Any:
        """Create a key that ends with the session."""
        attribute = self._p11.Attribute
        return self._session.create_object(
            {
                attribute.CLASS: self._p11.ObjectClass.SECRET_KEY,
                attribute.KEY_TYPE: self._p11.KeyType.AES,
                attribute.VALUE: octets,
                attribute.TOKEN: False,
                attribute.PRIVATE: True,
                **{getattr(attribute, name.upper()): on for name, on in properties.items()},
            }
        )

    @contextmanager
    def _token(self) -> Iterator[None]:
        """Hold the session for one operation, and turn its errors into MACsecError."""
        try:
            with self._lock:
                yield
        except self._p11.MechanismInvalid:
            failure: MACsecError = EnvironmentLacks("this token has no AES-CMAC or AES key wrap")
        except self._p11.PKCS11Error as error:
            failure = MACsecError(f"token: {type(error).__name__} on key {self.ckn.hex()}")
        else:
            return
        raise failure

    def __repr__(self) -> str:
        return f"<TokenHolder of CKN {self.ckn.hex()}>"


def open_session(module: str, token: str, pin: str) -> Any:
    """Log in to a token by its label.

    Raises ConfigError where there is no such token or the PIN is wrong, EnvironmentLacks where
    the module cannot be loaded.
    """
    p11 = _library()
    try:
        found = p11.lib(module).get_token(token_label=token)
        try:
            return found.open(user_pin=pin)
        except p11.UserAlreadyLoggedIn:
            # A process logs in to a token once, for all its sessions: this is a second CAK on it.
            return found.open()
    except p11.NoSuchToken:
        reason: MACsecError = ConfigError(f"pkcs11: there is no token {token!r}")
    except (p11.PinIncorrect, p11.PinInvalid, p11.PinLenRange):
        reason = ConfigError(f"pkcs11: the PIN is not that of token {token!r}")
    except p11.PinLocked:
        reason = ConfigError(f"pkcs11: the PIN of token {token!r} is locked")
    except (p11.PKCS11Error, RuntimeError, OSError) as error:
        reason = EnvironmentLacks(f"pkcs11: {module} cannot be used ({type(error).__name__})")
    raise reason


def _library() -> ModuleType:
    try:
        import pkcs11
    except ImportError:
        raise extras.lacks("pkcs11") from None
    found: ModuleType = pkcs11
    return found
