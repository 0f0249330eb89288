"""The local OIDC issuer: an RS256 key kept in the data directory, its key set, its tokens."""

import base64
import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.template.intrinsics import TemplateError
from local.template.resources import Template

DAY = 24 * 60 * 60
_KEY_FILE = "issuer.pem"


@dataclass(frozen=True)
class Issuer:
    """Signs tokens as ``issuer`` for ``audience``; the same key as long as ``data`` is kept."""

    issuer: str
    audience: str
    key: rsa.RSAPrivateKey

    @property
    def key_id(self) -> str:
        """The key's thumbprint: it changes when the key does."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        digest = hashlib.sha256(public).digest()
        return base64.urlsafe_b64encode(digest[:15]).decode()

    def key_set(self) -> dict[str, Any]:
        """Return the JWKS document: public keys only."""
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.key_id, "alg": "RS256", "use": "sig"}]}

    def token(self, subject: str, expires_in: int = DAY) -> str:
        """Return a bearer token for ``subject`` that works from now for ``expires_in`` seconds."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + expires_in,
        }
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.key_id})


def open_issuer(data: Path, issuer: str, audience: str) -> Issuer:
    """Return the issuer whose key lives in ``data``, making the key if there is none yet."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / _KEY_FILE
    if not file.exists():
        _create_key(file)
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file} is not an RSA key")
    return Issuer(issuer, audience, key)


def issuer_of(template: Template, data: Path) -> Issuer:
    """Return the local issuer that the template's authorizer trusts.

    Raises:
        TemplateError: when the template has not exactly one authorizer.
    """
    if len(template.authorizers) != 1:
        raise TemplateError("the template must have exactly one authorizer")
    (authorizer,) = template.authorizers.values()
    return open_issuer(data, authorizer.issuer, authorizer.audience[0])


def _create_key(file: Path) -> None:
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(pem)
    try:
        # A hard link appears whole or not at all, and only one of two concurrent calls makes it.
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
