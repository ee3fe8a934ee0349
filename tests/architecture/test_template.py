"""The template and the state machine keep every invariant."""

import pytest

from local.translate import TEMPLATE, load
from tests.architecture import access, journey, states, storage
from tests.architecture.system import the_system

INVARIANTS = (
    *states.INVARIANTS,
    *journey.INVARIANTS,
    *storage.INVARIANTS,
    *access.INVARIANTS,
)


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.__name__)
def test_the_system_keeps_the_invariant(invariant):
    breaches = list(invariant(the_system()))

    assert breaches == []


def test_production_refuses_every_default_that_is_only_an_example():
    template = load(TEMPLATE)
    examples = {
        name: parameter["Default"]
        for name, parameter in template["Parameters"].items()
        if "databroker.example" in str(parameter.get("Default"))
    }

    refused = {
        assertion["Assert"]["Fn::Not"][0]["Fn::Equals"][0]["Ref"]: assertion["Assert"]["Fn::Not"][
            0
        ]["Fn::Equals"][1]
        for assertion in template["Rules"]["ProductionIsReal"]["Assertions"]
    }

    assert refused == examples
