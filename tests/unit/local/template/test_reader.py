"""What template.yaml says is what the stand-in runs."""

from pathlib import Path

import pytest

from local.template.reader import TemplateError, load

FEED = "tests/component/local/fixtures/feed/template.yaml"


def test_the_projects_own_template_is_understood() -> None:
    template = load("template.yaml")

    function = template.functions["ConversationsFunction"]
    assert function.handler == "app.lambda_handler"
    assert function.environment["TABLE_NAME"] == "ConversationsTable"
    assert [path.parts[-3:] for path in function.layers] == [("layers", "core", "python")]
    routes = {route.key: route for route in template.routes}
    assert routes["POST /v1/conversations"].authorizer == "Jwt"
    assert routes["$default"].authorizer is None
    assert template.authorizers["Jwt"].audience == ("colloquy",)
    assert template.table is not None
    assert template.table.ttl_attribute == "ttl"
    assert template.cors is not None
    assert template.cors.origins == ("*",)


def test_parameters_override_defaults() -> None:
    template = load("template.yaml", {"JwtAudience": "other", "CorsOrigins": "https://a,https://b"})

    assert template.authorizers["Jwt"].audience == ("other",)
    assert template.cors is not None
    assert template.cors.origins == ("https://a", "https://b")


def test_streams_and_schedules_are_read() -> None:
    template = load(FEED)

    (stream,) = template.streams
    assert (stream.function, stream.batch_size, stream.parallel) == ("PurgeFunction", 5, 2)
    assert (stream.retries, stream.partial, stream.bisect) == (1, True, False)
    assert stream.on_failure == "Failures"
    assert len(stream.filters) == 1
    (schedule,) = template.schedules
    assert schedule.expression == "rate(1 day)"


FUNCTION = """
  F:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: app.handler, %s}
"""


def written(directory: Path, resources: str, more: str = "") -> Path:
    file = directory / "template.yaml"
    file.write_text(f"{more}\nResources:{resources}")
    return file


@pytest.mark.parametrize(
    ("resources", "named"),
    [
        ("\n  Bucket: {Type: AWS::S3::Bucket}", "AWS::S3::Bucket"),
        (FUNCTION % "VpcConfig: {}", "VpcConfig"),
        (FUNCTION % "Events: {E: {Type: S3}}", "S3 event"),
        (FUNCTION % "Environment: {Variables: {A: !Ref Nothing}}", "Nothing"),
        (FUNCTION % "Environment: {Variables: {A: !ImportValue x}}", "ImportValue"),
        (FUNCTION % "Layers: ['arn:aws:lambda:x']", "arn:aws:lambda:x"),
        (
            FUNCTION % "Events: {E: {Type: ScheduleV2, Properties: {ScheduleExpression: 'at(1)'}}}",
            "at(1)",
        ),
        (FUNCTION % "Events: {E: {Type: Schedule, Properties: {}}}", "Schedule event"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path: Path, resources: str, named: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        load(written(tmp_path, resources))

    assert named in str(refusal.value)


def test_intrinsic_functions_are_resolved(tmp_path: Path) -> None:
    head = """
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {IsDev: !Equals [!Ref Stage, dev]}
"""
    variables = (
        'A: !Sub "${Stage}-${AWS::Region}-${!kept}", B: !If [IsDev, yes-dev, no], '
        "E: !GetAtt F.Arn, "
        "G: !If [IsDev, !Ref AWS::NoValue, x]"
    )
    function = FUNCTION % f"Environment: {{Variables: {{{variables}}}}}, MemorySize: 300"

    loaded = load(written(tmp_path, function, head)).functions["F"]

    assert loaded.memory == 300
    assert loaded.environment == {
        "A": "dev-us-east-1-${kept}",
        "B": "yes-dev",
        "E": "arn:aws:lambda:us-east-1:000000000000:function:F",
    }


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot read"):
        load(tmp_path / "none.yaml")
