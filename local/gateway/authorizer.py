"""Checks bearer tokens as an HTTP API's JWT authorizer does.

What AWS does (Developer Guide, "JWT authorizers" and their troubleshooting page; claim texts
as measured in github.com/floci-io/floci/pull/2011): the token comes with or without ``Bearer``;
its ``kid`` must be in the issuer's key set; ``iss``, ``aud`` (or ``client_id`` where there is no
``aud``), ``exp``, ``nbf`` and ``iat`` are checked. A rejected token is a 401 whose
``www-authenticate`` names the reason; without a token it is only ``Bearer``. A function sees every
claim as text: lists as ``[a b]``, nulls not at all.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from local.template.resources import Authorizer

_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Clocks of one machine do not differ; of two containers on it they may, by a little.
_LEEWAY_SECONDS = 2


class UnauthorizedError(Exception):
    """The request is rejected; ``challenge`` is the www-authenticate header that says why."""

    def __init__(self, challenge: str) -> None:
        """Take the header's value."""
        super().__init__(challenge)
        self.challenge = challenge


@dataclass(frozen=True)
class KeySet:
    """The public keys of an issuer, by key id."""

    keys: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "KeySet":
        """Read a JWKS document."""
        return cls({jwk["kid"]: jwt.PyJWK(jwk, algorithm="RS256").key for jwk in document["keys"]})


def authorize(header: str | None, authorizer: Authorizer, keys: KeySet) -> dict[str, str]:
    """Return the claims of the token in an Authorization header, as a function sees them.

    Raises:
        UnauthorizedError: when there is no token, or one that must not be accepted.
    """
    token = _token(header)
    if not token:
        raise UnauthorizedError("Bearer")
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = keys.keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise jwt.InvalidTokenError("unable to find a signing key that matches the kid")
        claims = jwt.decode(
            token,
            key,
            # Pinned: the token must not choose how it is checked.
            algorithms=["RS256"],
            issuer=authorizer.issuer,
            leeway=_LEEWAY_SECONDS,
            # Checked below: client_id may stand in for aud.
            options={"require": ["exp", "iss"], "verify_aud": False},
        )
        _check_audience(claims, authorizer.audience)
    except jwt.ExpiredSignatureError as exc:
        raise _invalid("the token has expired") from exc
    except jwt.InvalidAudienceError as exc:
        raise _invalid("the token does not have a valid audience") from exc
    except jwt.InvalidIssuerError as exc:
        raise _invalid("the token does not have a valid issuer") from exc
    except (jwt.PyJWTError, ValueError) as exc:
        raise _invalid(str(exc)) from exc
    texts = {name: _as_text(value) for name, value in claims.items() if value is not None}
    if any(_SURROGATE.search(text) for member in texts.items() for text in member):
        raise _invalid("a claim holds half a character")
    return texts


def _token(header: str | None) -> str:
    value = (header or "").strip()
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    return value


def _check_audience(claims: Mapping[str, Any], accepted: tuple[str, ...]) -> None:
    named = claims.get("aud", claims.get("client_id"))
    audiences = named if isinstance(named, list) else [named]
    if not any(audience in accepted for audience in audiences):
        raise jwt.InvalidAudienceError


def _invalid(why: str) -> UnauthorizedError:
    # The reason ends up in a header: one line, no quotes, printable.
    printable = "".join(c for c in why.replace('"', "'") if c.isascii() and c.isprintable())
    return UnauthorizedError(
        f'Bearer scope="" error="invalid_token" error_description="{printable}"'
    )


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{' '.join(_as_text(member) for member in value)}]"
    return json.dumps(value)
