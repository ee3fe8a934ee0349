"""The state machine: what operators read in the console, and where every road leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.architecture.system import MACHINE, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.system import System

_TRANSIENT = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
    "TemporaryFailureError",
}

_CALLS_ZORGTTP = {"Pseudonymise", "ExchangePseudonyms"}

_NEEDS_RAW_DATA = {"CheckStructure", "Pseudonymise", "Anonymise"}

_SAME_EVERYWHERE = {
    "Comment", "Type", "Next", "Resource", "ResultPath", "TimeoutSeconds", "Retry", "Catch",
    "Choices", "Default", "Error", "Cause", "SecondsPath",
}  # fmt: skip
"""The fields that AWS, ministack and moto read alike; no Assign, no heartbeat, no JSONata."""

ANSWERS = {
    "CheckStructure": "structure",
    "Pseudonymise": "privacy",
    "Anonymise": "privacy",
    "DisposeSource": "disposed",
    "ExchangePseudonyms": "exchanged",
    "Validate": "validated",
    "FindConflicts": "compared",
    "Ingest": "ingested",
    "WriteReport": "report",
    "Notify": "notified",
    "FailDelivery": "failed",
}


def the_history_is_kept_and_the_log_holds_no_data(system: System) -> Iterator[str]:
    machine = system.stack.properties(MACHINE)
    logging = machine.get("LoggingConfiguration", {})
    if machine.get("StateMachineType") != "STANDARD":
        yield "no history"
    if logging.get("IncludeExecutionData") is not False or logging.get("Level") not in {
        "ALL",
        "ERROR",
    }:
        yield f"logs {logging}"
    if machine.get("TracingConfiguration") != {"Enabled": True}:
        yield "no traces"
    if machine.get("RoleArn") != system.stack.arn("DeliveryStateMachineRole"):
        yield f"works as {machine.get('RoleArn')}"


def the_definition_names_exactly_what_the_template_gives_it(system: System) -> Iterator[str]:
    given = system.stack.properties(MACHINE)["DefinitionSubstitutions"]
    named = {state["Resource"][2:-1] for _, _, state in tasks(system.machine)}
    yield from sorted(named ^ set(given))
    for name, arn in given.items():
        if arn != system.stack.arn(name.removesuffix("Arn")):
            yield f"{name} is {arn}"


def every_state_tells_what_it_does(system: System) -> Iterator[str]:
    for name, state in {"": system.machine, **system.machine["States"]}.items():
        if not state.get("Comment", "").endswith("."):
            yield name


def every_state_means_the_same_on_every_engine(system: System) -> Iterator[str]:
    for name, state in system.machine["States"].items():
        if not state.keys() <= _SAME_EVERYWHERE:
            yield f"{name}: {sorted(state.keys() - _SAME_EVERYWHERE)}"
        if state["Type"] == "Choice" and "Default" not in state:
            yield f"{name} may find no way out"


def only_what_passes_by_itself_is_tried_again(system: System) -> Iterator[str]:
    for name, function, task in tasks(system.machine):
        zorgttp = {"UntrustedAnswerError"} if function in _CALLS_ZORGTTP else set()
        retried = [error for retry in task.get("Retry", []) for error in retry["ErrorEquals"]]
        if set(retried) != _TRANSIENT | zorgttp or len(retried) != len(set(retried)):
            yield f"{name}: {sorted(set(retried) ^ (_TRANSIENT | zorgttp))}"
        for retry in task.get("Retry", []):
            if not 1 <= retry.get("MaxAttempts", 0) <= 12 or retry.get("BackoffRate", 1) <= 1:
                yield f"{name} keeps trying"
            if retry.get("JitterStrategy") != "FULL" or retry.get("MaxDelaySeconds", 999) > 60:
                yield f"{name} tries in step with all others"


def every_fault_takes_the_one_road(system: System) -> Iterator[str]:
    for name, function, task in tasks(system.machine):
        road = "Mislukt" if function == "FailDelivery" else "Handel storing af"
        catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.fault", "Next": road}]
        if task.get("Catch") != catch:
            yield name


def every_answer_has_its_own_place_in_the_state(system: System) -> Iterator[str]:
    for name, function, task in tasks(system.machine):
        if task.get("ResultPath") != f"$.{ANSWERS[function]}":
            yield f"{name} answers at {task.get('ResultPath')}"


def every_state_is_on_the_road_and_every_road_ends(system: System) -> Iterator[str]:
    states = system.machine["States"]
    reached = _reached(system, system.machine["StartAt"])
    yield from sorted(reached ^ set(states))
    ends = {name for name, state in states.items() if state["Type"] in {"Succeed", "Fail"}}
    if ends != {"Klaar", "Mislukt"}:
        yield str(ends)


def no_raw_data_is_needed_past_the_border(system: System) -> Iterator[str]:
    behind = _reached(system, "Te valideren?")
    for name, function, _ in tasks(system.machine):
        if name in behind and function in _NEEDS_RAW_DATA:
            yield name
    undisposed = _reached(system, system.machine["StartAt"], past="Verwijder bronbestand")
    yield from sorted(undisposed & behind - {"Handel storing af", "Mislukt"})


def who_waits_for_zorgttp_comes_back_to_what_it_waited_for(system: System) -> Iterator[str]:
    states = system.machine["States"]
    found = {
        (waiting["SecondsPath"], waiting["Next"])
        for waiting in states.values()
        if waiting["Type"] == "Wait"
    }
    answers = [(name, ANSWERS[function]) for name, function, _ in tasks(system.machine)]
    if not found <= {(f"$.{answer}.wait_seconds", name) for name, answer in answers}:
        yield str(found)
    if system.machine.get("TimeoutSeconds", 0) < (24 + 4) * 3600:
        yield "the machine gives up while a delivery waits"


def only_production_reaches_zorgttp_and_the_register(system: System) -> Iterator[str]:
    for kind in ("test", "iets anders"):
        met = _travelled(system, {"kind": kind, "accepted": True})
        for name in (
            "Versleutel met ZorgTTP",
            "Haal pseudoniemen op",
            "Vergelijk met database",
            "Lees in",
        ):
            if name in met:
                yield f"{kind} meets {name}"
    production = _travelled(system, {"kind": "productie", "accepted": True})
    if "Lees in" not in production:
        yield "production is not ingested"
    for facts in ({"accepted": False}, {"accepted": True, "pseudonymised": False}):
        refused = _travelled(system, {"kind": "productie", **facts})
        if refused & {"Haal pseudoniemen op", "Valideer", "Lees in"}:
            yield "a refused file is read on"


def _reached(system: System, start: str, past: str = "") -> set[str]:
    """Every state that can follow, faults included; but not by way of the one `past`."""
    reached: set[str] = {past}
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in system.machine["States"]:
            continue
        reached.add(name)
        state = system.machine["States"][name]
        branches = [*state.get("Choices", []), *state.get("Catch", []), state]
        ahead += [
            branch[way] for branch in branches for way in ("Next", "Default") if way in branch
        ]
    return reached - {past}


def _travelled(system: System, facts: dict[str, Any]) -> set[str]:
    """Walk from start to end, every answer being what the facts say."""
    met: list[str] = []
    name = system.machine["StartAt"]
    while name and len(met) < 50:
        met.append(name)
        state = system.machine["States"][name]
        chosen = (way["Next"] for way in state.get("Choices", []) if _true(way, facts))
        name = next(chosen, state.get("Default", state.get("Next", "")))
    return set(met)


def _true(way: dict[str, Any], facts: dict[str, Any]) -> bool:
    if "And" in way:
        return all(_true(part, facts) for part in way["And"])
    field = way["Variable"].removeprefix("$.")
    told = {
        "validated.accepted": 5,
        "ingested.lost": 0,
        "ingested.round": 1,
        "privacy.accepted": facts.get("pseudonymised", facts["accepted"]),
        "privacy.wait_seconds": 0,
        "exchanged.wait_seconds": 0,
        "exchanged.again": False,
    }
    value = told.get(field, facts["kind"] if field == "kind" else facts["accepted"])
    if "NumericGreaterThan" in way:
        return bool(value > way["NumericGreaterThan"])
    if "NumericLessThan" in way:
        return bool(value < way["NumericLessThan"])
    return bool(value == way.get("StringEquals", way.get("BooleanEquals")))


INVARIANTS = (
    the_history_is_kept_and_the_log_holds_no_data,
    the_definition_names_exactly_what_the_template_gives_it,
    every_state_tells_what_it_does,
    every_state_means_the_same_on_every_engine,
    only_what_passes_by_itself_is_tried_again,
    every_fault_takes_the_one_road,
    every_answer_has_its_own_place_in_the_state,
    every_state_is_on_the_road_and_every_road_ends,
    no_raw_data_is_needed_past_the_border,
    who_waits_for_zorgttp_comes_back_to_what_it_waited_for,
    only_production_reaches_zorgttp_and_the_register,
)
