"""MACsec Key Agreement (IEEE 802.1X clauses 9 and 12). Never imports `macsec.secy`."""
