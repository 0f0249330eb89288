"""What `make build` makes, run as Lambda runs it: under its Runtime Interface Emulator."""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.dynamodb import schema
from local.dynamodb.endpoint import Endpoint
from local.functions import rie
from local.functions.rie import FunctionError, Rie
from local.template import reader
from local.template.resources import Function, Template
from tests.support.dynamodb import emulator
from tests.support.events import EVENTS, FUNCTIONS, SAID, check, name_of, prepare
from tests.support.functions import ROOT
from tests.support.model import says, serving
from tests.support.rows import Rows
from tests.support.server import Server

pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux", reason="AWS builds the Runtime Interface Emulator for Linux only"
    ),
    pytest.mark.local_only("it runs what is built"),
]

# Of what is in .venv, Lambda's Python runtime has this too.
LAMBDA_HAS = {
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six.py",
    "urllib3",
}

# Names every module that an import of the function brings, and the sources it has to compile.
LOOK = """
import importlib.machinery, json, sys
loader, compiled = importlib.machinery.SourceFileLoader, []
to_code = loader.source_to_code
def watched(self, data, path, **more):
    compiled.append(path)
    return to_code(self, data, path, **more)
loader.source_to_code = watched
import app
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps({"loaded": [file for file in files if file], "compiled": compiled}))
"""


def look(function: Function) -> dict[str, list[str]]:
    """Return what importing a function loads and compiles, in the process Lambda would start."""
    done = subprocess.run(
        rie.command(function, "-c", LOOK),
        env={
            **rie.environment(function),
            "AWS_DEFAULT_REGION": "eu-west-1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=function.code,
        capture_output=True,
        check=True,
    )
    seen: dict[str, list[str]] = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with emulator(tmp_path_factory.mktemp("table")) as running:
        yield running


@pytest.fixture(scope="module")
def built() -> Iterator[Template]:
    """The template with the built code in it, set up with a model."""
    subprocess.run(["make", "build-here"], cwd=ROOT, check=True)
    with serving(says(SAID)) as server:
        model = {"id": "m", "context": 1000}
        parameters = {
            "ModelProvider": "openai",
            "ModelBaseUrl": f"{server.url}/v1",
            "ModelTable": json.dumps({"m": model, "claude-3-5-sonnet": model}),
        }
        yield reader.load(ROOT / rie.BUILT, parameters)


@pytest.fixture(scope="module")
def rows(endpoint: Endpoint, built: Template) -> Rows:
    client = endpoint.client("dynamodb")
    assert built.table is not None
    schema.create(client, built, built.table.name)
    return Rows(client, built.table.name)


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, built: Template, endpoint: Endpoint) -> Iterator[Rie]:
    """A function in an emulator of its own, for all of its events."""
    function = built.functions[FUNCTIONS[request.param]]
    with Rie.started(
        function, endpoint.environment_of(function.name), sys.stderr
    ) as emulator_of_it:
        yield emulator_of_it


@pytest.mark.parametrize(
    ("running", "name"),
    [(path.parent.name, name_of(path)) for path in EVENTS],
    indirect=["running"],
    ids=[name_of(path) for path in EVENTS],
)
def test_an_event_is_answered_by_what_is_built(running: Rie, name: str, rows: Rows) -> None:
    prepare(name, rows)

    answer = json.loads(running.invoke((ROOT / "events" / f"{name}.json").read_bytes()))

    check(name, answer, rows)


@pytest.mark.parametrize("folder", sorted(FUNCTIONS))
def test_a_function_needs_what_is_built_and_lambda_has_and_compiles_nothing(
    folder: str, built: Template
) -> None:
    function = built.functions[FUNCTIONS[folder]]
    deployed = (str(function.code), *map(str, function.layers))
    of_python = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    packages = Path(sysconfig.get_path("purelib"))
    seen = look(function)

    others = [file for file in seen["loaded"] if not file.startswith((*deployed, *of_python))]

    assert any("/CoreLayer/python/colloquy/" in file for file in seen["loaded"])
    assert {Path(file).relative_to(packages).parts[0] for file in others} <= LAMBDA_HAS
    assert [file for file in seen["compiled"] if file.startswith(deployed)] == []


def test_a_function_that_takes_too_long_has_no_answer(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import time\ndef lambda_handler(*_): time.sleep(30)\n")
    function = Function("Slow", tmp_path, "app.lambda_handler", 1, 128, (), {}, ())
    with (
        Rie.started(function, {}, sys.stderr) as running,
        pytest.raises(FunctionError, match="timed out"),
    ):
        running.invoke(b"{}")


def test_a_function_that_raises_has_no_answer(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def lambda_handler(*_): raise LookupError('gone')\n")
    function = Function("Broken", tmp_path, "app.lambda_handler", 5, 128, (), {}, ())
    with (
        Rie.started(function, {}, sys.stderr) as running,
        pytest.raises(FunctionError, match="LookupError"),
    ):
        running.invoke(b"{}")


def test_make_invoke_prints_the_answer_and_keeps_what_it_wrote(own_data: Path) -> None:
    created = make_invoke(own_data, "ConversationsFunction", "conversations/create")
    listed = make_invoke(own_data, "conversations", "conversations/list")

    assert created["statusCode"] == 201
    ids = [each["id"] for each in json.loads(listed["body"])["data"]]
    assert ids == [json.loads(created["body"])["id"]]


def test_make_invoke_uses_the_table_of_a_run(server: Server) -> None:
    made = make_invoke(server.data, "conversations", "conversations/create")

    with server.client("alice") as alice:
        opened = alice.get(f"/v1/conversations/{json.loads(made['body'])['id']}")
    assert opened.json()["title"] == "Project Planning"


def make_invoke(data: Path, function: str, event: str) -> Any:
    """Return what `make invoke` prints."""
    words = [f"FUNCTION={function}", f"EVENT=events/{event}.json", f"DATA={data}"]
    done = subprocess.run(
        ["make", "--silent", "invoke", *words], cwd=ROOT, capture_output=True, check=True
    )
    return json.loads(done.stdout)
