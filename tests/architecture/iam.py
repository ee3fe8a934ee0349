"""May this role do this? A small evaluator of identity policies, for the template only.

It knows Allow, Deny, NotAction, wildcards and the condition operators that the template uses; an
operator it does not know is an error, so that a new one cannot slip through unjudged.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.architecture.system import Stack


def statements(stack: Stack, role: str) -> Iterator[dict[str, Any]]:
    """Every statement that a role carries, its own and those of managed policies."""
    properties = stack.properties(role)
    for policy in properties.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]
    for arn in properties.get("ManagedPolicyArns", []):
        name = arn.rpartition("/")[2]
        yield from stack.properties(name)["PolicyDocument"]["Statement"]


def allows(
    stack: Stack, role: str, action: str, resource: str, context: Mapping[str, str] | None = None
) -> bool:
    """Decide as IAM does: a Deny that applies wins, then an Allow, then no."""
    return effects(stack, role, action, resource, context) == {"Allow"}


def effects(
    stack: Stack, role: str, action: str, resource: str, context: Mapping[str, str] | None = None
) -> set[str]:
    """Give what the statements say that apply: Allow, Deny, both or nothing."""
    return {
        statement["Effect"]
        for statement in statements(stack, role)
        if _applies(statement, action, resource, context or {})
    }


def many(value: Any) -> list[Any]:
    """A policy writes one thing as itself and several as a list."""
    return value if isinstance(value, list) else [value]


def _applies(
    statement: dict[str, Any], action: str, resource: str, context: Mapping[str, str]
) -> bool:
    if "NotAction" in statement:
        named = not any(_matches(action, pattern) for pattern in many(statement["NotAction"]))
    else:
        named = any(_matches(action, pattern) for pattern in many(statement["Action"]))
    return (
        named
        and any(fnmatchcase(resource, pattern) for pattern in many(statement["Resource"]))
        and _conditions_hold(statement.get("Condition", {}), context)
    )


def _matches(action: str, pattern: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


def _conditions_hold(conditions: dict[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _holds(operator, context.get(key), many(expected))
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )


def _holds(operator: str, actual: str | None, expected: list[str]) -> bool:
    match operator:
        case "StringEquals" | "ArnEquals":
            return actual in expected
        case "StringLike" | "ArnLike":
            return actual is not None and any(fnmatchcase(actual, item) for item in expected)
        case _:
            raise NotImplementedError(operator)
