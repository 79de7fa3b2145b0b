"""Passwords of users, checked by bcrypt, which is slow on purpose."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from collections.abc import Mapping

import bcrypt

COST = 10
CACHED = 64
"""Passwords that were right, kept as digests under a key of this process."""


class UserAccess:
    """Decides who reads; without users all do. `secret`: random octets of this process."""

    def __init__(self, users: Mapping[str, str], secret: bytes) -> None:
        self._users = {user: text.encode() for user, text in users.items()}
        self._secret = secret
        self._other = bcrypt.hashpw(secret.hex()[:32].encode(), bcrypt.gensalt(COST))
        self._right: dict[bytes, None] = {}
        self._one_at_a_time = threading.Lock()

    @property
    def is_open(self) -> bool:
        """True without users: all read."""
        return not self._users

    def allows(self, authorization: str) -> bool:
        """Return whether the value of a header Authorization names a user and its password."""
        if not self._users:
            return True
        user, colon, password = _basic(authorization).partition(":")
        if not colon:
            return False
        digest = hmac.digest(self._secret, f"{user}:{password}".encode(), hashlib.sha256)
        with self._one_at_a_time:
            if digest in self._right:
                return True
            # A name that is unknown takes as long as one that is known.
            hashed = self._users.get(user, self._other)
            right = _matches(password, hashed) and user in self._users
            if right:
                self._right[digest] = None
                while len(self._right) > CACHED:
                    del self._right[next(iter(self._right))]
            return right


def _matches(password: str, hashed: bytes) -> bool:
    """Return whether a password is right; bcrypt reads 72 octets of one and refuses more."""
    octets = password.encode()
    return len(octets) <= 72 and b"\0" not in octets and bcrypt.checkpw(octets, hashed)


def _basic(authorization: str) -> str:
    """Return USER:PASSWORD of a header, or nothing."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
