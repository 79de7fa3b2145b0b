"""KaYs, their members, and where CAKs are kept: stores, tokens, vaults."""
