"""A function imports what its layers hold, and nothing that only a laptop has."""

import json
import re
import subprocess
import sys

import pytest

from local.translate import PROJECT, load

RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}
"""What the Python runtime of Lambda brings."""

OPTIONAL = {"certifi", "cython_runtime"}
"""botocore takes the first where it is; pyarrow makes the second itself."""

OURS = {"app", "databroker", "nhr_datasets"}
MODULES = {"et-xmlfile": "et_xmlfile", "typing-extensions": "typing_extensions"}
NAMES = sorted(path.parent.name for path in PROJECT.glob("functions/*/app.py"))
FUNCTIONS = {
    logical_id: resource["Properties"]
    for logical_id, resource in load(PROJECT / "template.yaml")["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
SCRIPT = """
import importlib, json, sys
before = set(sys.modules)
importlib.import_module("app")
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(new - sys.stdlib_module_names)))
"""


def packages_of(layer):
    lines = (PROJECT / "layers" / layer / "requirements.txt").read_text().splitlines()
    pins = [re.match(r"([A-Za-z0-9_.-]+)==", line) for line in lines]
    names = [pin[1].lower() for pin in pins if pin]
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def allowed(name):
    camel = "".join(part.capitalize() for part in name.split("_"))
    layers = {layer["Ref"] for layer in FUNCTIONS[f"{camel}Function"].get("Layers", [])}
    arrow = packages_of("arrow") if "ArrowLayer" in layers else set()
    return OURS | RUNTIME | packages_of("dependencies") | arrow


@pytest.mark.parametrize("name", NAMES)
def test_a_function_finds_everything_it_imports(name):
    places = [
        PROJECT / "functions" / name,
        *(PROJECT / "layers" / one for one in ("databroker", "datasets")),
    ]
    answer = subprocess.run(  # noqa: S603 - this interpreter, on our own code
        [sys.executable, "-c", SCRIPT],
        env={"PYTHONPATH": ":".join(map(str, places)), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {module for module in json.loads(answer.stdout) if not module.startswith("_")}

    assert imported - allowed(name) - OPTIONAL == set()


def test_the_tables_are_only_carried_where_arrow_is():
    carrying = {name for name in NAMES if "pyarrow" in allowed(name)}

    assert carrying == {
        "check_structure",
        "pseudonymise",
        "anonymise",
        "exchange_pseudonyms",
        "validate",
        "find_conflicts",
        "write_report",
    }
