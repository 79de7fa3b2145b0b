"""The JSON Schema of a configuration, for editors; `macsec config schema` prints it."""
