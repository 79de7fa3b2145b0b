"""Windows of keys: the active ones, the preferred one, and refused chains."""

from __future__ import annotations

import pytest
from support.mka.kays import CAK, NS, chain_key

from macsec.errors import ConfigError
from macsec.kay.keys.keychain import KeyChain


def ckns_at(chain: KeyChain, seconds: int) -> list[bytes]:
    """Return the CKNs of the active keys, the preferred first."""
    return [key.ckn for key in chain.active(seconds * NS)]


def test_active_keys_follow_their_windows_and_preference() -> None:
    """From the start on, before the end; the later start is preferred, a fallback last."""
    chain = KeyChain(
        [
            chain_key(ckn=b"one", start=0, end=20),
            chain_key(ckn=b"spare", fallback=True),
            chain_key(ckn=b"two", start=10, end=30),
        ]
    )
    expected = {
        0: [b"one", b"spare"],
        9: [b"one", b"spare"],
        10: [b"two", b"one", b"spare"],
        19: [b"two", b"one", b"spare"],
        20: [b"two", b"spare"],
        30: [b"spare"],
    }
    for seconds, ckns in expected.items():
        assert ckns_at(chain, seconds) == ckns
    changes = [chain.next_change_ns(seconds * NS) for seconds in (0, 10, 19, 20, 30)]
    assert changes == [10 * NS, 20 * NS, 20 * NS, 30 * NS, None]


def test_a_ckn_may_name_two_caks() -> None:
    """But not one twice, and a fallback has a name of its own."""
    chain = KeyChain([chain_key(CAK, b"one"), chain_key(CAK[::-1], b"one", start=5)])
    assert [ckns_at(chain, seconds) for seconds in (0, 5)] == [[b"one"], [b"one", b"one"]]
    assert chain.ckns == [b"one"]
    with pytest.raises(ConfigError, match=r"key 6f6e65: this CAK has this CKN already"):
        KeyChain([chain_key(CAK, b"one"), chain_key(CAK, b"one", start=5)])
    for first, second in ((False, True), (True, False)):
        with pytest.raises(ConfigError, match=r"key 6f6e65: a fallback needs a CKN of its own"):
            KeyChain(
                [
                    chain_key(CAK, b"one", fallback=first),
                    chain_key(CAK[::-1], b"one", fallback=second),
                ]
            )


def test_one_fallback_and_known_names() -> None:
    """A second fallback, or a CKN that is not there, is refused."""
    with pytest.raises(ConfigError, match=r"key 74776f: there is a fallback key already"):
        KeyChain([chain_key(ckn=n, fallback=True) for n in (b"one", b"two")])
    chain = KeyChain([chain_key(ckn=b"one")])
    with pytest.raises(ConfigError, match=r"key 74776f: there is none"):
        chain.remove(b"two")
    chain.remove(b"one")
    assert chain.active(0) == []


def test_disabled_key_is_not_active_until_it_is_enabled() -> None:
    """Disabling keeps the key in the chain; removing it forgets that it was disabled."""
    chain = KeyChain([chain_key(ckn=b"one"), chain_key(ckn=b"two")])
    chain.enable(b"one", False)
    assert (ckns_at(chain, 0), chain.disabled) == ([b"two"], {b"one"})
    assert chain.ckns == [b"one", b"two"]
    chain.enable(b"one", True)
    assert (ckns_at(chain, 0), chain.disabled) == ([b"one", b"two"], set())
    chain.enable(b"one", False)
    chain.remove(b"one")
    chain.add(chain_key(ckn=b"one"))
    assert ckns_at(chain, 0) == [b"two", b"one"]
    with pytest.raises(ConfigError, match=r"key 736978: there is none of this CKN"):
        chain.enable(b"six", True)


@pytest.mark.parametrize("end", [5, 4, 0])
def test_window_that_ends_before_it_starts_is_refused(end: int) -> None:
    """Its key would never be in use."""
    with pytest.raises(ConfigError, match="ends before it starts"):
        chain_key(start=5, end=end)


@pytest.mark.parametrize("start, warned", [(19, False), (20, True), (25, True)])
def test_gap_between_windows_gives_a_warning(
    start: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys with windows that do not overlap cause an outage."""
    KeyChain([chain_key(ckn=b"one", end=20), chain_key(ckn=b"two", start=start)])
    assert ("no key overlaps the start of key 74776f" in caplog.text) is warned
