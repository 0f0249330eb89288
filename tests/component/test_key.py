"""The model server's key: read from SSM, kept for a while, never shown."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from colloquy.domain.errors import ModelUnavailableError
from colloquy.models import key as key_module
from colloquy.models.key import ParameterKey
from colloquy.settings import ModelSettings


class Parameters:
    """SSM, counted; it fails while ``broken``."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls = 0
        self.broken = False

    def get_parameter(self, **request: Any) -> Any:
        self.calls += 1
        if self.broken:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter")
        return self._client.get_parameter(**request)


def test_the_key_is_read_once_then_again_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        client = boto3.client("ssm")
        client.put_parameter(Name="/colloquy/key", Value="sk-1\n", Type="SecureString")
        parameters = Parameters(client)
        key = ParameterKey(parameters, "/colloquy/key")
        assert [key(), key(), parameters.calls] == ["sk-1", "sk-1", 1]

        client.put_parameter(
            Name="/colloquy/key", Value="sk-2", Type="SecureString", Overwrite=True
        )
        monkeypatch.setattr(key_module, "_KEPT_SECONDS", 0.0)
        key._until = 0.0
        assert [key(), parameters.calls] == ["sk-2", 2]
        # While SSM is away, the key there is goes on.
        parameters.broken = True
        assert key() == "sk-2"


def test_a_key_that_cannot_be_read_makes_the_model_unavailable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with mock_aws():
        key = ParameterKey(boto3.client("ssm"), "/colloquy/absent")
        with pytest.raises(ModelUnavailableError):
            key()
    assert "model key not read" in caplog.text


def test_the_settings_do_not_show_a_key() -> None:
    settings = ModelSettings(
        provider="openai", table="{}", base_url="", key_parameter="", api_key="sk-secret"
    )
    assert "secret" not in repr(settings)
