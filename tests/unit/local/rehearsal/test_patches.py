"""The rehearsal's emulator: what it reads of an HTTP API, and what it refuses."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from local.dynamodb.durability import SUPPORTED
from local.rehearsal import server
from local.rehearsal.patches.alarms import AlarmError, check
from local.rehearsal.patches.http_apis import UnknownBodyError, authorizers_of, cors, routes_of
from local.rehearsal.patches.tables import typed
from tests.support.functions import ROOT

FUNCTION = {
    "type": "aws_proxy",
    "uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn/invocations",
    "httpMethod": "POST",
    "payloadFormatVersion": "2.0",
}


def operation(**fields: Any) -> dict[str, Any]:
    return {"x-amazon-apigateway-integration": FUNCTION, **fields}


def routes(path: str, method: str, described: dict[str, Any]) -> list[tuple[str, str | None]]:
    body = {"paths": {path: {method: described}}}
    return [(key, authorizer) for key, authorizer, _ in routes_of(body)]


def test_another_ministack_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "SUPPORTED", "0.0.1")

    assert server.main([]) == 1
    said = capsys.readouterr().out
    assert said == f"The rehearsal fills the gaps of ministack 0.0.1, not of {SUPPORTED}.\n"


def test_the_emulator_is_locked_at_the_version_whose_gaps_are_filled() -> None:
    locked = (ROOT / "local" / "rehearsal" / "requirements.txt").read_text("utf-8")
    assert f"\nministack=={SUPPORTED} " in locked


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("core/lambda_runtime", ["_drain_stderr_bounded", "acquire_worker", "reset"]),
        ("services/cloudformation/provisioners", ["_cw_metric_alarm_record"]),
        ("services/apigateway", ["_create_authorizer", "_create_integration", "_create_route"]),
        ("services/cloudwatch_logs", ["_subscription_pattern_matches"]),
        ("services/dynamodb", ["_emit_stream_event", "_update_continuous_backups", "_update_ttl"]),
        (
            "services/lambda_svc",
            [
                "_resolve_layer_zip",
                "_match_esm_filter",
                "lambda_execute_result_to_api_proxy_response",
            ],
        ),
    ],
)
def test_ministack_still_has_what_is_wrapped(module: str, names: list[str]) -> None:
    # Read and not imported: ministack starts threads when it is imported.
    found = find_spec("ministack")
    assert found
    assert found.origin
    text = (Path(found.origin).parent / f"{module}.py").read_text("utf-8")
    assert [name for name in names if f"def {name}(" not in text] == []


def test_routes_carry_their_authorizer() -> None:
    jwt = operation(security=[{"Jwt": []}])
    assert routes("/v1/things/{id}", "get", jwt) == [("GET /v1/things/{id}", "Jwt")]
    nobody = operation(security=[{"NONE": []}], isDefaultRoute=True)
    any_method = "x-amazon-apigateway-any-method"
    assert routes("/$default", any_method, nobody) == [("$default", None)]
    assert routes("/things", any_method, operation()) == [("ANY /things", None)]


@pytest.mark.parametrize(
    ("method", "described"),
    [
        ("get", operation(security=[{"Jwt": ["admin"]}])),
        ("get", operation(security=[{"Jwt": []}, {"Other": []}])),
        ("get", {"x-amazon-apigateway-integration": {**FUNCTION, "type": "http_proxy"}}),
        ("get", {}),
        ("parameters", operation()),
    ],
)
def test_what_a_document_says_beyond_that_is_an_error(
    method: str, described: dict[str, Any]
) -> None:
    with pytest.raises(UnknownBodyError):
        routes("/things", method, described)


def test_only_jwt_authorizers_are_known() -> None:
    settings = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": "https://issuer.example.com", "audience": ["colloquy"]},
    }

    def read(**changes: str) -> dict[str, Any]:
        scheme = {"x-amazon-apigateway-authorizer": {**settings, **changes}}
        return authorizers_of({"components": {"securitySchemes": {"Jwt": scheme}}})

    assert read()["Jwt"]["jwtConfiguration"] == settings["jwtConfiguration"]
    with pytest.raises(UnknownBodyError):
        read(type="request")


def test_a_list_that_was_a_parameter_is_a_list_again() -> None:
    settings = {"allowOrigins": "https://a,https://b", "allowMethods": ["GET"], "maxAge": 600}
    assert cors({"x-amazon-apigateway-cors": settings}) == {
        **settings,
        "allowOrigins": ["https://a", "https://b"],
    }


def test_the_text_of_a_parameter_becomes_a_switch() -> None:
    assert typed({"DeletionProtectionEnabled": "false"}) == {"DeletionProtectionEnabled": False}
    assert typed({"DeletionProtectionEnabled": "true"}) == {"DeletionProtectionEnabled": True}
    assert typed({}) == {"DeletionProtectionEnabled": False}


def test_an_alarm_watches_one_of_its_metrics() -> None:
    part: dict[str, Any] = {"Id": "errors", "ReturnData": False}
    check([part, {"Id": "calls", "ReturnData": "false"}, {"Id": "rate", "Expression": "errors"}])
    with pytest.raises(AlarmError):
        check([part])
    with pytest.raises(AlarmError):
        check([{"Id": "one"}, {"Id": "other"}])
