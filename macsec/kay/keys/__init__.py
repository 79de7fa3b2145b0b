"""Keys of a KaY: CAKs behind their holders, what is derived from them, SAKs.

cak_holder.py   CakHolder   the seam to a CAK: a holder computes with it
keychain.py     KeyChain    CAKs with windows of time, and a fallback
derivation.py               KDF, key wrap and ICV (IEEE 802.1X 6.2, 9.3.3, 9.8.2)
sak.py          KI, Sak     a SAK and its identifier
"""
