"""The folders, the template and what the code of a function asks for are the same story."""

import importlib
import re

import pytest

from databroker.adapters.settings import Settings
from local.translate import PROJECT, TEMPLATE, folders
from tests.architecture.journey import ENVIRONMENT
from tests.architecture.system import functions, the_system

FOLDERS = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): name for name, _ in functions(the_system().stack)
}


def test_every_function_has_a_folder_and_every_folder_a_function():
    there = {path.parent.name for path in (PROJECT / "functions").glob("*/app.py")}

    assert there == FOLDERS.keys()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_code_of_a_function_lies_in_the_folder_of_its_name(folder):
    assert folders(TEMPLATE)[f"{FOLDERS[folder]}Function"] == PROJECT / "functions" / folder


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_folder_holds_one_module(folder):
    modules = {path.name for path in (PROJECT / "functions" / folder).iterdir()}

    assert modules - {"__pycache__"} == {"app.py", "__init__.py"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_settings_of_a_function_are_what_the_template_gives_it(folder):
    app = importlib.import_module(f"functions.{folder}.app")

    asked = {
        field.alias
        for settings in vars(app).values()
        if isinstance(settings, type)
        and issubclass(settings, Settings)
        and settings is not Settings
        for field in settings.model_fields.values()
    }

    assert asked == ENVIRONMENT[FOLDERS[folder]] | {"LEDGER_TABLE"}
