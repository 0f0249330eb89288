"""Gives ministack's HTTP APIs what their OpenAPI document says, which its CloudFormation drops.

SAM writes routes, integrations, the authorizer and CORS into the ``Body`` of an
``AWS::ApiGatewayV2::Api``. What it may say beyond what is read here is an error, not a silence.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

_API = "AWS::ApiGatewayV2::Api"
_ANY_METHOD = "x-amazon-apigateway-any-method"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", _ANY_METHOD}
_DEFAULT_ROUTE = "/$default"
# SAM's word for a route without an authorizer.
_NOBODY = "NONE"

Body = Mapping[str, Any]


class UnknownBodyError(ValueError):
    """A document says what the rehearsal does not understand; CloudFormation reports it."""


class HttpApis:
    """The one HTTP API of the rehearsed stack, which answers at an address of its own."""

    def __init__(self, address: str) -> None:
        """Take the address, which becomes the ``ApiEndpoint`` of the API."""
        self._address = address
        self._service: Any = import_module("ministack.services.apigateway")
        self.id: str | None = None

    def install(self, handlers: dict[str, dict[str, Callable[..., Any]]]) -> None:
        """Wrap what CloudFormation creates, updates and deletes an API with."""
        handler = handlers[_API]
        create, update, delete = (handler[name] for name in ("create", "update", "delete"))

        def created(logical_id: str, properties: Body, stack: str) -> tuple[str, dict[str, Any]]:
            if self.id is not None:
                raise UnknownBodyError("The rehearsal has one address, for one HTTP API.")
            self.id, attributes = create(logical_id, properties, stack)
            self._read(self.id, properties)
            return self.id, {**attributes, "ApiEndpoint": self._address}

        def updated(
            physical_id: str, old: Body, new: Body, stack: str, logical_id: str | None = None
        ) -> tuple[str, dict[str, Any]]:
            self.id, attributes = update(physical_id, old, new, stack, logical_id)
            self._read(self.id, new)
            return self.id, {**attributes, "ApiEndpoint": self._address}

        def deleted(physical_id: str, properties: Body) -> None:
            delete(physical_id, properties)
            self.id = None

        handler.update(create=created, update=updated, delete=deleted)
        self._answer_as_gateway()

    def _answer_as_gateway(self) -> None:
        """Answer as an HTTP API does where a function failed, or left the body out."""
        functions: Any = import_module("ministack.services.lambda_svc")
        answer = functions.lambda_execute_result_to_api_proxy_response

        def answered(result: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
            if result.get("error") and not result.get("throttle"):
                return {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}, None
            response, problem = answer(result)
            return {**response, "body": response.get("body") or ""}, problem

        functions.lambda_execute_result_to_api_proxy_response = answered

    def _read(self, api_id: str, properties: Body) -> None:
        body = properties.get("Body") or {}
        service = self._service
        for store in (service._routes, service._integrations, service._authorizers):
            store[api_id] = {}
        service._apis[api_id]["apiEndpoint"] = self._address
        if settings := cors(body):
            service._apis[api_id]["corsConfiguration"] = settings
        authorizers = {
            name: _made(service._create_authorizer(api_id, settings))["authorizerId"]
            for name, settings in authorizers_of(body).items()
        }
        for key, security, settings in routes_of(body):
            integration = _made(service._create_integration(api_id, settings))["integrationId"]
            route = {"routeKey": key, "target": f"integrations/{integration}"}
            if security is not None:
                route |= {"authorizationType": "JWT", "authorizerId": authorizers[security]}
            _made(service._create_route(api_id, route))


def cors(body: Body) -> dict[str, Any]:
    """Return the CORS settings as API Gateway's API spells them."""
    settings = dict(body.get("x-amazon-apigateway-cors") or {})
    for name, value in settings.items():
        # What a CommaDelimitedList of the template has become.
        if name.startswith(("allow", "expose")) and isinstance(value, str):
            settings[name] = [part.strip() for part in value.split(",")]
    return settings


def authorizers_of(body: Body) -> dict[str, dict[str, Any]]:
    """Return the JWT authorizers, by name.

    Raises:
        UnknownBodyError: an authorizer is of another kind.
    """
    schemes = (body.get("components") or {}).get("securitySchemes") or {}
    found = {}
    for name, scheme in schemes.items():
        settings = scheme.get("x-amazon-apigateway-authorizer") or {}
        if settings.get("type") != "jwt":
            raise UnknownBodyError(f"The rehearsal knows JWT authorizers only, not {name}.")
        found[name] = {
            "name": name,
            "authorizerType": "JWT",
            "identitySource": [settings["identitySource"]],
            "jwtConfiguration": settings["jwtConfiguration"],
        }
    return found


def routes_of(body: Body) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    """Yield the key, the name of the authorizer and the integration of each route.

    Raises:
        UnknownBodyError: a route is not a function behind at most one authorizer.
    """
    for path, operations in (body.get("paths") or {}).items():
        for method, operation in operations.items():
            if method not in _METHODS:
                raise UnknownBodyError(f"The rehearsal does not know {method} of {path}.")
            verb = "ANY" if method == _ANY_METHOD else method.upper()
            key = "$default" if path == _DEFAULT_ROUTE else f"{verb} {path}"
            yield key, _authorizer(key, operation), _integration(key, operation)


def _authorizer(key: str, operation: Body) -> str | None:
    alternatives = operation.get("security") or [{_NOBODY: []}]
    required = [name for alternative in alternatives for name in alternative]
    if len(required) != 1 or any(any(each.values()) for each in alternatives):
        raise UnknownBodyError(f"The rehearsal knows one authorizer without scopes, not {key}'s.")
    return None if required == [_NOBODY] else required[0]


def _integration(key: str, operation: Body) -> dict[str, Any]:
    settings = operation.get("x-amazon-apigateway-integration") or {}
    if settings.get("type") != "aws_proxy":
        raise UnknownBodyError(f"The rehearsal knows functions behind routes only, not {key}'s.")
    return {
        "integrationType": "AWS_PROXY",
        "integrationUri": settings["uri"],
        "integrationMethod": settings["httpMethod"],
        "payloadFormatVersion": settings["payloadFormatVersion"],
    }


def _made(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    """Return what ministack made of a request.

    Raises:
        UnknownBodyError: it refused.
    """
    status, _, content = answer
    if status >= 400:
        raise UnknownBodyError(content.decode())
    made: dict[str, Any] = json.loads(content)
    return made
