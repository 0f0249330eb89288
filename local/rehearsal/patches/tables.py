"""Gives ministack's tables what its CloudFormation drops: expiry, backups, encryption.

Also expires items soon and with the stream records AWS leaves, which ministack's own reaper, once
a minute, does not.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from local.dynamodb.expiry import Expiry
from local.template.properties import is_true

_TABLE = "AWS::DynamoDB::Table"
# As an event of Lambda spells it.
_TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

Properties = Mapping[str, Any]


class Tables:
    """The tables of ministack; all of it runs on its event loop."""

    def __init__(self) -> None:
        """Take over from ministack's own reaper, which races with requests."""
        service: Any = import_module("ministack.services.dynamodb")
        # As local.dynamodb.server does, and for its reason.
        service._DDB_TXN_MAX_BYTES *= 4
        self._service = service
        self._expiry = Expiry(service, _TTL_IDENTITY)

    def install(self, handlers: dict[str, dict[str, Callable[..., Any]]]) -> None:
        """Wrap what CloudFormation creates and updates a table with."""
        handler = handlers[_TABLE]
        create, update = handler["create"], handler["update"]

        def created(logical_id: str, properties: Properties, stack: str) -> Any:
            made = create(logical_id, typed(properties), stack)
            self._complete(made[0], properties)
            return made

        def updated(
            physical_id: str,
            old: Properties,
            new: Properties,
            stack: str,
            logical_id: str | None = None,
        ) -> Any:
            made = update(physical_id, typed(old), typed(new), stack, logical_id)
            self._complete(made[0], new)
            return made

        handler.update(create=created, update=updated)

    def expire(self) -> None:
        """Delete the items whose time to live is over, as AWS does within days."""
        self._expiry.run()

    def _complete(self, name: str, properties: Properties) -> None:
        service = self._service
        expiry = properties.get("TimeToLiveSpecification")
        if expiry:
            wanted = {**expiry, "Enabled": is_true(expiry["Enabled"])}
            service._update_ttl({"TableName": name, "TimeToLiveSpecification": wanted})
        backups = properties.get("PointInTimeRecoverySpecification")
        if backups:
            wanted = {key: is_true(value) for key, value in backups.items()}
            service._update_continuous_backups(
                {"TableName": name, "PointInTimeRecoverySpecification": wanted}
            )
        encryption = properties.get("SSESpecification")
        if encryption:
            wanted = {"Enabled": is_true(encryption["SSEEnabled"])}
            service._update_table({"TableName": name, "SSESpecification": wanted})


def typed(properties: Properties) -> dict[str, Any]:
    """Return the properties with the boolean that CloudFormation makes of a parameter's text."""
    protected = is_true(properties.get("DeletionProtectionEnabled", False))
    return {**properties, "DeletionProtectionEnabled": protected}
