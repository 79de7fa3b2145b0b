"""Choice of a Cipher Suite by the Key Server, among the suites of all members."""

from __future__ import annotations

from collections.abc import Sequence

from macsec.kay.mkpdu.parameter_sets import DEFAULT_SUITE
from macsec.kay.policy import KayPolicy
from macsec.suites import CipherSuite

from .contents import Announced


def chosen_suite(
    policy: KayPolicy, members: Sequence[Announced | None], needed: int
) -> CipherSuite:
    """Return the first suite of `policy.ciphers` that all members have, with a capability.

    A member that announced no suite has the default one, which every SecY has (802.1AE 14.1);
    so it is also the one of members without a common suite. Without `ciphers` it is `cipher`.
    """
    for suite in policy.ciphers:
        if all(_has(member, suite, needed) for member in members):
            return suite
    return DEFAULT_SUITE if policy.ciphers else policy.cipher


def _has(member: Announced | None, suite: CipherSuite, needed: int) -> bool:
    if member is None or member.suites is None:
        return suite is DEFAULT_SUITE
    return member.ability(suite) >= needed
