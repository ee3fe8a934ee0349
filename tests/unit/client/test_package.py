"""What is installed at a hospital: the engine, the datasets, and no library that was not named."""

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from local.translate import PROJECT
from simulators.hospital import make_delivery, write_csv, write_xlsx
from tests.support.interventions import TODAY

CLIENT = tomllib.loads((PROJECT / "client" / "pyproject.toml").read_text(encoding="utf-8"))
NEEDS = [Requirement(line) for line in CLIENT["project"]["dependencies"]]
OURS = {"aanleveren", "databroker", "nhr_datasets"}
OF_PYARROW = {"cython_runtime"}
SCRIPT = """
import json, sys
before = set(sys.modules)  # what comes with a Python differs: Debian's has a sitecustomize
from aanleveren.command import main
exit_code = main(sys.argv[1:])
new = {name.partition(".")[0] for name in sys.modules.keys() - before}
print(json.dumps([exit_code, sorted(new - sys.stdlib_module_names)]), file=sys.stderr)
"""


def imported_by(*arguments):
    """Run the command in a cold process, and tell what it loaded besides Python and ourselves."""
    places = ("client", "layers/databroker", "layers/datasets")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(PROJECT / at) for at in places)}
    ran = subprocess.run(  # noqa: S603 - this interpreter, on our own code
        [sys.executable, "-c", SCRIPT, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    exit_code, modules = json.loads(ran.stderr)
    assert exit_code == 0
    return {name for name in modules if not name.startswith("_")} - OURS - OF_PYARROW


@pytest.mark.parametrize(
    ("form", "how", "needed"),
    [
        ("csv", ("--json",), {"numpy"}),
        ("csv", (), {"numpy", "rich"}),
        ("xlsx", ("--json",), {"numpy"}),
    ],
)
def test_a_check_loads_what_it_needs_and_no_more(tmp_path, form, how, needed):
    path = tmp_path / f"kwartaal.{form}"
    (write_csv if form == "csv" else write_xlsx)(make_delivery(3, today=TODAY), path)
    address = ("--dataset", "pmicd-interventie", "--centre", "MCX", "--today", TODAY.isoformat())

    loaded = imported_by("controleer", path, *address, *how)

    assert loaded == needed
    assert loaded <= {need.name for need in NEEDS}


def test_an_installation_brings_no_more_than_it_names():
    extras = CLIENT["project"]["optional-dependencies"]

    assert {need.name for need in NEEDS} == {"filelock", "numpy", "rich", "tzdata"}
    assert {name: [Requirement(each).name for each in extras[name]] for name in extras} == {
        "s3": ["boto3"],
        "keyring": ["keyring"],
        "zorgttp": ["pydantic", "urllib3"],
    }


def test_the_page_of_the_window_is_in_the_package():
    packages = CLIENT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    page = PROJECT / "client" / "aanleveren" / "window" / "page"

    assert packages == ["aanleveren"]
    assert {each.name for each in page.iterdir()} == {"index.html", "page.css", "page.js"}


def test_the_wheel_holds_the_engine_and_the_datasets():
    mapped = CLIENT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    placed = {name: (PROJECT / "client" / path).resolve() for path, name in mapped.items()}

    assert placed == {
        "databroker": PROJECT / "layers" / "databroker" / "databroker",
        "nhr_datasets": PROJECT / "layers" / "datasets" / "nhr_datasets",
    }
    assert all((place / "__init__.py").exists() for place in placed.values())


def test_the_ranges_hold_the_versions_that_everything_is_tested_with():
    extras = CLIENT["project"]["optional-dependencies"].values()
    optional = [line for lines in extras for line in lines]
    pins = dict(
        re.findall(
            r"^([a-z0-9-]+)==([^ ;]+)", (PROJECT / "requirements/dev.txt").read_text(), re.MULTILINE
        )
    )

    for need in [*NEEDS, *map(Requirement, optional)]:
        assert {"<", ">="} <= {each.operator for each in need.specifier} or need.marker
        assert need.name not in pins or pins[need.name] in need.specifier
