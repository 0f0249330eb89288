"""Who may come in, and what they see of others."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.server import Api

SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def claims(api: Api) -> dict[str, object]:
    """The claims of a good token."""
    return dict(jwt.decode(api.token("mallory"), options={"verify_signature": False}))


def signed_with_another_key(claims: dict[str, object], kid: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def ask(api: Api, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return httpx.get(f"{api.url}/v1/conversations", headers=headers)


def test_forged_expired_and_foreign_tokens_are_refused(api: Api, claims: dict[str, object]) -> None:
    good = api.token("mallory")
    assert ask(api, f"Bearer {good}").status_code == 200

    kid = jwt.get_unverified_header(good)["kid"]
    head, body, signature = good.split(".")
    nobody = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "alice"}).encode()).decode()
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    forged = {
        "another key": signed_with_another_key(claims, kid),
        "no kid of ours": signed_with_another_key(claims, "other"),
        "another subject": f"{head}.{nobody.rstrip('=')}.{signature}",
        "no signature": f"{unsigned}.{body}.",
        "symmetric": jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": kid}),
        "expired": api.token("mallory", "--expires-in", "-3600"),
        "nonsense": "nonsense",
        "two words": "a b",
    }
    for kind, token in forged.items():
        refused = ask(api, f"Bearer {token}")
        assert refused.status_code == 401, kind
        assert refused.json() == {"message": "Unauthorized"}, kind
    assert ask(api, None).status_code == 401
    assert ask(api, "Basic YTpi").status_code == 401


def test_a_token_of_another_issuer_or_audience_is_refused(
    api: Api, claims: dict[str, object]
) -> None:
    key = (api.data / "issuer.pem").read_bytes()
    kid = jwt.get_unverified_header(api.token("mallory"))["kid"]
    now = datetime.now(UTC)
    for change in (
        {"iss": "https://elsewhere.example.com"},
        {"aud": "another-service"},
        {"nbf": now + timedelta(hours=1)},
        {"exp": now - timedelta(hours=1)},
    ):
        token = jwt.encode({**claims, **change}, key, algorithm="RS256", headers={"kid": kid})
        assert ask(api, f"Bearer {token}").status_code == 401, change
    same = jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})
    assert ask(api, f"Bearer {same}").status_code == 200


def test_two_users_cannot_see_each_other(sign_in: SignIn) -> None:
    alice, bob = sign_in("alice"), sign_in("bob")
    hers = alice.post("/v1/conversations", json={"title": "Hers"}).json()["id"]
    project = alice.post("/v1/projects", json={"title": "Hers"}).json()["id"]
    path = f"/v1/conversations/{hers}"
    item = alice.post(f"{path}/items", json={"role": "user", "content": "x"}).json()["id"]

    for method, url, body in (
        ("GET", path, None),
        ("PATCH", path, {"title": "His"}),
        ("DELETE", path, None),
        ("GET", f"{path}/items", None),
        ("POST", f"{path}/items", {"role": "user", "content": "x"}),
        ("GET", f"{path}/items/{item}", None),
        ("GET", f"/v1/projects/{project}", None),
        ("DELETE", f"/v1/projects/{project}", None),
        ("GET", f"/v1/projects/{project}/conversations", None),
        ("POST", "/v1/conversations", {"project_id": project}),
    ):
        reply = bob.request(method, url, json=body)
        assert reply.status_code == 404, (method, url)
    assert bob.get("/v1/conversations").json()["data"] == []
    assert alice.get(path).json()["item_count"] == 1


def test_healthz_needs_no_token(api: Api) -> None:
    assert httpx.get(f"{api.url}/healthz").json() == {"status": "ok"}


def test_a_browsers_preflight_is_answered(api: Api) -> None:
    reply = httpx.options(
        f"{api.url}/v1/conversations",
        headers={
            "Origin": "https://chat.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert reply.status_code == 204
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "POST" in reply.headers["access-control-allow-methods"]
