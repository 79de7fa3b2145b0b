"""The file of TLS and users, in the format of Prometheus's exporter-toolkit.

tls_server_config: {cert_file, key_file, client_auth_type, client_ca_file, min_version, max_version}
basic_auth_users: {USER: BCRYPT}

Paths are relative to the file. An entry that is not implemented here is refused, not ignored.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from macsec.enumerations import TextEnum
from macsec.errors import ConfigError

VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_BCRYPT = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")


class ClientAuth(TextEnum):
    """Certificates that clients show."""

    NONE = "NoClientCert"
    IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRED = "RequireAndVerifyClientCert"


_VERIFY = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRED: ssl.CERT_REQUIRED,
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TlsServerConfig(_Strict):
    """The server's certificate and key, and the certificates that it asks clients for."""

    cert_file: Path
    key_file: Path
    client_auth_type: ClientAuth = ClientAuth.NONE
    client_ca_file: Path | None = None
    min_version: str = "TLS12"
    max_version: str = "TLS13"

    @field_validator("min_version", "max_version")
    @classmethod
    def _version(cls, given: str) -> str:
        if given not in VERSIONS:
            raise ValueError(f"one of {', '.join(VERSIONS)}")
        return given

    @model_validator(mode="after")
    def _consistent(self) -> TlsServerConfig:
        if (self.client_auth_type is ClientAuth.NONE) != (self.client_ca_file is None):
            raise ValueError("client_auth_type and client_ca_file come together")
        if self.min_version > self.max_version:
            raise ValueError("min_version is above max_version")
        return self


class WebConfig(_Strict):
    """The file of TLS and users; with neither, all read in clear."""

    tls_server_config: TlsServerConfig | None = None
    basic_auth_users: dict[str, str] = Field(default_factory=dict, repr=False)

    @field_validator("basic_auth_users")
    @classmethod
    def _hashed(cls, given: dict[str, str]) -> dict[str, str]:
        for user, text in given.items():
            if not _BCRYPT.fullmatch(text):
                raise ValueError(f"user {user!r}: the password is not hashed by bcrypt")
            if ":" in user:
                raise ValueError(f"user {user!r}: a name has no colon")
        return given

    def context(self, folder: Path) -> ssl.SSLContext | None:
        """Return the TLS of the server, with paths below `folder`; None for plain HTTP.

        Raises ConfigError for files that cannot be used.
        """
        tls = self.tls_server_config
        if tls is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = VERSIONS[tls.min_version]
        context.maximum_version = VERSIONS[tls.max_version]
        context.verify_mode = _VERIFY[tls.client_auth_type]
        try:
            context.load_cert_chain(folder / tls.cert_file, folder / tls.key_file)
            if tls.client_ca_file is not None:
                context.load_verify_locations(folder / tls.client_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"tls_server_config: cannot use its files: {error}") from None
        return context


def load_web_config(path: str) -> tuple[WebConfig, ssl.SSLContext | None]:
    """Return the file's contents, and its TLS. Raises ConfigError, which repeats no password."""
    try:
        given = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        config = WebConfig.model_validate({} if given is None else given)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read it: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise ConfigError(f"{path}: is not YAML") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: {place}: {first['msg']}") from None
    return config, config.context(Path(path).parent)
