"""Only tokens of the issuer, for the audience and in their time are accepted."""

import stat
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from local.gateway.authorizer import KeySet, UnauthorizedError, authorize
from local.gateway.issuer import Issuer, open_issuer
from local.template.resources import Authorizer

TRUSTED = Authorizer("https://issuer.example", ("app",))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return open_issuer(tmp_path_factory.mktemp("data"), TRUSTED.issuer, "app")


def sign(issuer: Issuer, algorithm: str = "RS256", key: Any = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": TRUSTED.issuer, "aud": "app", "sub": "alice", "exp": now + 60, "nbf": now}
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    headers = {"kid": issuer.key_id}
    return jwt.encode(claims, key or issuer.key, algorithm=algorithm, headers=headers)


def claims_of(issuer: Issuer, header: str | None) -> dict[str, str]:
    return authorize(header, TRUSTED, KeySet.from_document(issuer.key_set()))


def test_a_token_of_the_issuer_is_accepted_with_and_without_bearer(issuer: Issuer) -> None:
    token = issuer.token("alice")

    for header in (f"Bearer {token}", f"bearer {token}", token):
        assert claims_of(issuer, header)["sub"] == "alice"


def test_claims_are_text(issuer: Issuer) -> None:
    token = sign(issuer, groups=["a", "b"], level=3, admin=True, address={"city": "x"})

    claims = claims_of(issuer, token)

    assert claims["groups"] == "[a b]"
    assert (claims["level"], claims["admin"]) == ("3", "true")
    assert claims["address"] == '{"city": "x"}'


def test_client_id_stands_in_for_an_absent_audience(issuer: Issuer) -> None:
    assert claims_of(issuer, sign(issuer, aud=None, client_id="app"))["sub"] == "alice"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"nbf": 10**10}, "not yet valid"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": "other", "client_id": "app"}, "audience"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(
    issuer: Issuer, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(UnauthorizedError, match=why):
        claims_of(issuer, sign(issuer, **changes))


def test_the_token_does_not_choose_its_algorithm(issuer: Issuer) -> None:
    secret = "x" * 64
    for token in (sign(issuer, "HS256", secret), sign(issuer, "RS512")):
        with pytest.raises(UnauthorizedError):
            claims_of(issuer, token)


def test_an_unknown_key_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    other = open_issuer(tmp_path, TRUSTED.issuer, "app")

    with pytest.raises(UnauthorizedError, match="signing key"):
        claims_of(issuer, other.token("alice"))


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer"])
def test_without_a_token_there_is_only_the_challenge(issuer: Issuer, header: str | None) -> None:
    with pytest.raises(UnauthorizedError) as refusal:
        claims_of(issuer, header)

    assert refusal.value.challenge == "Bearer"


@pytest.mark.parametrize("header", ["Bearer x", "Bearer a.b.c", "Basic YTpi", 'Bearer "\n'])
def test_garbage_is_refused(issuer: Issuer, header: str) -> None:
    with pytest.raises(UnauthorizedError, match="invalid_token"):
        claims_of(issuer, header)


def test_the_key_stays_the_same_and_is_nobody_elses(tmp_path: Path) -> None:
    first = open_issuer(tmp_path, TRUSTED.issuer, "app")
    second = open_issuer(tmp_path, TRUSTED.issuer, "app")

    assert first.key_id == second.key_id
    assert [file.name for file in tmp_path.iterdir()] == ["issuer.pem"]
    assert stat.S_IMODE((tmp_path / "issuer.pem").stat().st_mode) == 0o600
    assert "d" not in first.key_set()["keys"][0]
