"""Reads template.yaml: the routes, functions, table, stream and schedules it declares."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.template import properties as read
from local.template.event_patterns import field_of
from local.template.intrinsics import ACCOUNT, REGION, Resolver, TemplateError, read_yaml
from local.template.resources import (
    Authorizer,
    Cors,
    Function,
    Route,
    Schedule,
    Stream,
    Subscription,
    Table,
    Template,
)
from local.template.supported import (
    API_IGNORED,
    FUNCTION_IGNORED,
    FUNCTION_KNOWN,
    IGNORED_TYPES,
    STREAM_KNOWN,
    TABLE_IGNORED,
    TABLE_KNOWN,
    check_known,
)

__all__ = ["LOCAL_ISSUER", "LOCAL_PARAMETERS", "Template", "TemplateError", "load"]

LOCAL_ISSUER = "https://colloquy.localhost/issuer"
# What a deployment gives as stack parameters.
LOCAL_PARAMETERS: Mapping[str, str] = {"JwtIssuer": LOCAL_ISSUER}


def load(path: str | Path, parameters: Mapping[str, str] | None = None) -> Template:
    """Read the template; ``parameters`` override the defaults it declares.

    Raises:
        TemplateError: when it says something that is not supported.
    """
    file = Path(path).resolve()
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as exc:
        raise TemplateError(f"cannot read {path}: {exc.strerror}") from exc
    return _Reader(file.parent, read_yaml(text), parameters or {}).template()


class _Reader:
    """One pass over one template."""

    def __init__(self, root: Path, document: dict[str, Any], parameters: Mapping[str, str]) -> None:
        self._root = root
        self._globals: dict[str, Any] = document.get("Globals", {})
        self._resources: dict[str, Any] = document.get("Resources", {})
        self._resolve = Resolver(
            document,
            {**LOCAL_PARAMETERS, **parameters},
            self._reference,
            self._attribute,
        )

    def template(self) -> Template:
        """Return what the template declares."""
        supported = {
            *("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Serverless::Function"),
            *("AWS::Serverless::HttpApi", "AWS::Serverless::LayerVersion"),
        }
        for name, resource in self._resources.items():
            kind = str(resource.get("Type"))
            if kind not in supported and not kind.startswith(IGNORED_TYPES):
                raise TemplateError(f"{name} is a {kind}, which does not work on one machine")
        authorizers, default, cors = self._api()
        functions: dict[str, Function] = {}
        routes: list[Route] = []
        streams: list[Stream] = []
        schedules: list[Schedule] = []
        subscriptions: list[Subscription] = []
        for name, raw in self._of_type("AWS::Serverless::Function"):
            properties = read.with_globals(raw, self._globals.get("Function", {}))
            functions[name] = self._function(name, properties)
            for event_name, event in properties.get("Events", {}).items():
                settings = self._resolve(event.get("Properties", {}))
                match event.get("Type"):
                    case "HttpApi":
                        routes.append(read.route(name, settings, authorizers, default))
                    case "DynamoDB":
                        stream = self._stream(name, event_name, settings)
                        streams += [stream] if stream else []
                    case "ScheduleV2":
                        schedules.append(read.schedule(name, event_name, settings))
                    case "CloudWatchLogs":
                        subscriptions.append(self._subscription(name, event_name, settings))
                    case kind:
                        raise TemplateError(f"{name} has a {kind} event, which is not supported")
        return Template(
            functions=functions,
            routes=tuple(routes),
            authorizers=authorizers,
            cors=cors,
            table=self._table(),
            streams=tuple(streams),
            schedules=tuple(schedules),
            subscriptions=tuple(subscriptions),
        )

    def _subscription(self, function: str, name: str, settings: dict[str, Any]) -> Subscription:
        where = f"{function}.{name}"
        check_known(where, settings, {"FilterPattern", "LogGroupName"})
        sources = [
            source
            for source, properties in self._of_type("AWS::Serverless::Function")
            if self._resolve(properties.get("LoggingConfig", {})).get("LogGroup")
            == settings["LogGroupName"]
        ]
        field = field_of(str(settings["FilterPattern"]))
        if field is None or len(sources) != 1:
            raise TemplateError(f"{where}: only a field of one function's own log can be filtered")
        return Subscription(name=name, function=function, source=sources[0], field=field)

    def _of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, resource in self._resources.items():
            condition = resource.get("Condition")
            if condition is not None and not self._resolve.condition(condition):
                continue
            if resource.get("Type") == kind:
                yield name, resource.get("Properties", {})

    def _reference(self, name: str) -> Any:
        resource = self._resources.get(name)
        if resource is None:
            raise TemplateError(f"the template refers to {name}, which it does not declare")
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::DynamoDB::Table":
                return self._resolve(properties.get("TableName", name))
            case "AWS::SQS::Queue":
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
            case _:
                return name

    def _attribute(self, name: str, attribute: str) -> Any:
        reference = self._reference(name)
        kind = self._resources[name]["Type"]
        match kind, attribute:
            case "AWS::DynamoDB::Table", "Arn":
                return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{reference}"
            case "AWS::DynamoDB::Table", "StreamArn":
                return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{reference}/stream/latest"
            case "AWS::SQS::Queue", "Arn":
                return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
            case "AWS::SQS::Queue", "QueueUrl":
                return reference
            case "AWS::SQS::Queue", "QueueName":
                return name
            case "AWS::Serverless::Function", "Arn":
                return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            case _:
                raise TemplateError(f"{name}.{attribute} ({kind}) is not known on one machine")

    def _api(self) -> tuple[dict[str, Authorizer], str | None, Cors | None]:
        apis = list(self._of_type("AWS::Serverless::HttpApi"))
        if len(apis) > 1:
            raise TemplateError("the template has more than one HttpApi")
        properties = {
            **self._globals.get("HttpApi", {}),
            **(apis[0][1] if apis else {}),
        }
        check_known("HttpApi", properties, API_IGNORED | {"Auth", "CorsConfiguration"})
        auth = self._resolve(properties.get("Auth", {}))
        check_known("HttpApi.Auth", auth, {"Authorizers", "DefaultAuthorizer"})
        authorizers: dict[str, Authorizer] = {}
        for name, declared in auth.get("Authorizers", {}).items():
            check_known(name, declared, {"IdentitySource", "JwtConfiguration"})
            if declared.get("IdentitySource") != "$request.header.Authorization":
                raise TemplateError(f"{name}: the token must come in the Authorization header")
            jwt = declared["JwtConfiguration"]
            authorizers[name] = Authorizer(str(jwt["issuer"]), tuple(jwt["audience"]))
        cors = self._resolve(properties.get("CorsConfiguration"))
        return authorizers, auth.get("DefaultAuthorizer"), read.cors(cors) if cors else None

    def _function(self, name: str, raw: dict[str, Any]) -> Function:
        check_known(name, raw, FUNCTION_KNOWN | FUNCTION_IGNORED)
        properties = self._resolve(
            {key: raw[key] for key in raw if key in FUNCTION_KNOWN and key != "Events"}
        )
        variables = properties.get("Environment", {}).get("Variables", {})
        return Function(
            name=name,
            code=self._directory(name, properties["CodeUri"]),
            handler=properties["Handler"],
            timeout=int(properties.get("Timeout", 3)),
            memory=int(properties.get("MemorySize", 128)),
            layers=tuple(self._layer(layer) for layer in properties.get("Layers", [])),
            environment={key: read.as_text(value) for key, value in variables.items()},
            policies=tuple(properties.get("Policies", ())),
        )

    def _layer(self, name: str) -> Path:
        properties = self._resources.get(name, {}).get("Properties", {})
        if "ContentUri" not in properties:
            raise TemplateError(f"layer {name} is not in the template")
        return self._directory(name, self._resolve(properties["ContentUri"])) / "python"

    def _directory(self, name: str, uri: Any) -> Path:
        directory = self._root / str(uri)
        if not directory.is_dir():
            raise TemplateError(f"{name}: there is no directory {uri}")
        return directory.resolve()

    def _table(self) -> Table | None:
        tables = list(self._of_type("AWS::DynamoDB::Table"))
        if not tables:
            return None
        if len(tables) > 1:
            raise TemplateError("the template has more than one table")
        name, raw = tables[0]
        known = {
            *TABLE_KNOWN,
            "StreamSpecification",
            "TableName",
            "TimeToLiveSpecification",
        }
        check_known(name, raw, known | TABLE_IGNORED)
        properties = self._resolve({key: raw[key] for key in raw if key in known})
        parameters = {key: properties[key] for key in TABLE_KNOWN if key in properties}
        stream = properties.get("StreamSpecification")
        if stream:
            # CloudFormation leaves out what CreateTable requires.
            parameters["StreamSpecification"] = {
                "StreamEnabled": True,
                "StreamViewType": stream["StreamViewType"],
            }
        ttl = properties.get("TimeToLiveSpecification", {})
        expires = ttl["AttributeName"] if read.is_true(ttl.get("Enabled", False)) else None
        return Table(properties.get("TableName", name), parameters, expires)

    def _stream(self, function: str, name: str, settings: dict[str, Any]) -> Stream | None:
        where = f"{function}.{name}"
        check_known(where, settings, STREAM_KNOWN)
        if not read.is_true(settings.get("Enabled", True)):
            return None
        table = self._table()
        if table is None or not table.streams or f":table/{table.name}/" not in settings["Stream"]:
            raise TemplateError(f"{where}: the template's table has no such stream")
        types = settings.get("FunctionResponseTypes", [])
        filters = settings.get("FilterCriteria", {}).get("Filters", [])
        destination = settings.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination and not str(destination).startswith("arn:aws:sqs:"):
            raise TemplateError(f"{where}: only a queue can be its on-failure destination")
        return Stream(
            name=name,
            function=function,
            starting_position=settings["StartingPosition"],
            batch_size=int(settings.get("BatchSize", 100)),
            retries=int(settings.get("MaximumRetryAttempts", -1)),
            max_age=int(settings.get("MaximumRecordAgeInSeconds", -1)),
            bisect=read.is_true(settings.get("BisectBatchOnFunctionError", False)),
            partial="ReportBatchItemFailures" in types,
            parallel=int(settings.get("ParallelizationFactor", 1)),
            filters=tuple(read.pattern(entry["Pattern"]) for entry in filters),
            on_failure=str(destination).rsplit(":", 1)[-1] if destination else None,
        )
