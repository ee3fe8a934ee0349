"""What the documentation says of the system is what the system is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from databroker import events
from databroker.rules.functions import FUNCTIONS
from local.translate import PROJECT
from tests.architecture.access import probes
from tests.architecture.iam import allows
from tests.architecture.system import functions, the_system

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = PROJECT / "docs"
ADRS = sorted((DOCS / "adr").glob("*.md"))
PAGES = sorted(DOCS.rglob("*.md"))
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")
TRUST = (DOCS / "trust-model.md").read_text(encoding="utf-8")

_WRITTEN_BY_US = {".py", ".md", ".yaml", ".yml", ".toml", ".json", ".txt", ".html", ".in", ""}
_STORES = {
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
    "AWS::SecretsManager::Secret",
    "AWS::SES::EmailIdentity",
    "AWS::SNS::Topic",
    "AWS::Cognito::UserPool",
    "AWS::KMS::Key",
}
_FILES = {
    "read {}": "read",
    "write {}": "write",
    "list {}": "find",
    "delete {}": "delete",
}
_COLUMNS: dict[str, dict[str, str]] = {
    "InboxBucket": _FILES,
    "IntakeWorkbenchBucket": _FILES,
    "IntakeKey": {"decrypt {}": "decrypt", "encrypt {}": "encrypt"},
    "WorkbenchBucket": {"read {}": "read", "write {}": "write"},
    "papers": {"read {}": "read", "write {}": "write"},
    "OutboxBucket": _FILES,
    "LedgerTable": {"read {}": "read", "put {}": "add", "update {}": "change"},
    "RegistryTable": {"read many {}": "read", "put {}": "write", "update {}": "change"},
}
"""The columns of the table "Who may do what", in its order: a probe, and its word there."""

_BESIDES = {
    "receive InboxQueue": "receive from InboxQueue",
    "send CloseDeadLetterQueue": "send to CloseDeadLetterQueue",
}
_EVERY = {
    "trace", "decrypt RegistryKey", "encrypt RegistryKey", "list all of InboxBucket",
    "list WorkbenchBucket", "list all of WorkbenchBucket",
}  # fmt: skip
"""What the text above the table says of all, and listing, which tells a missing object from another."""


def sections(page: str) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def our_files() -> Iterator[Path]:
    for top in PROJECT.iterdir():
        if top.name.startswith(".") and top.name != ".ci":
            continue
        found = top.rglob("*") if top.is_dir() else [top]
        yield from (path for path in found if path.is_file() and path.suffix in _WRITTEN_BY_US)


def proofs() -> set[str]:
    """Name every test and invariant there is."""
    files = (PROJECT / "tests").rglob("*.py")
    texts = (path.read_text(encoding="utf-8") for path in files)
    return {name for text in texts for name in re.findall(r"^def (\w+)\(", text, re.MULTILINE)}


# --- operations ------------------------------------------------------------------------------------
@pytest.mark.parametrize("alarm", the_system().stack.of_type("AWS::CloudWatch::Alarm"))
def test_every_alarm_says_what_to_do(alarm):
    assert f"\n### {alarm}\n" in OPERATIONS


def test_every_log_line_is_in_the_table_with_its_fields():
    ours = [event for event in vars(events).values() if isinstance(event, events.Event)]

    lines = {event.code: f"| {event.code} | {event.text} |" for event in ours}
    rows = {row.split(" | ")[0][2:]: row for row in OPERATIONS.splitlines() if "| DB-" in row[:5]}

    assert rows.keys() == lines.keys()
    for event in ours:
        assert rows[event.code].startswith(lines[event.code])
        assert all(f"`{field}`" in rows[event.code] for field in event.fields - {"delivery_id"})


def test_every_state_is_explained():
    machine = json.loads((PROJECT / "statemachine" / "delivery.asl.json").read_text("utf-8"))

    assert [name for name in machine["States"] if f"\n| `{name}` |" not in OPERATIONS] == []


# --- trust model -----------------------------------------------------------------------------------
def test_the_table_of_rights_is_that_of_the_template():
    stack = the_system().stack
    tried = probes(stack)

    expected = set()
    for name, _ in functions(stack):
        may = {what for what, probe in tried.items() if allows(stack, f"{name}Role", *probe)}
        cells = []
        for store, words in _COLUMNS.items():
            here = [probe.format(store) for probe in words]
            cells.append(", ".join(words[p] for p in words if p.format(store) in may))
            may -= set(here)
        besides = sorted(_BESIDES.get(what, what) for what in may - _EVERY - {f"log {name}"})
        folder = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        expected.add((folder, *cells, ", ".join(besides)))
    _, _, table = TRUST.partition("## Who may do what")
    told = {
        tuple(cell.strip(" `") for cell in row.strip("|").split("|"))
        for row in table.partition("\n## ")[0].splitlines()
        if row.startswith("| `")
    }

    assert told == expected


def test_everything_that_is_kept_has_an_end_in_the_table():
    resources = the_system().stack.resources
    kept = [name for name, resource in resources.items() if resource["Type"] in _STORES]
    _, _, table = TRUST.partition("## What is where, and when it ends")
    table = table.partition("\n## ")[0]

    assert [name for name in kept if f"`{name}`" not in table] == []


def test_every_proof_is_a_test():
    named = set(re.findall(r"`(\w+)`", TRUST.partition("## Threats")[2].partition("\n## ")[0]))

    assert named
    assert named - proofs() == set()


def test_every_threat_the_code_names_is_in_the_table():
    texts = [path.read_text(encoding="utf-8") for path in our_files()]

    named = {number for text in texts for number in re.findall(r"trust model, (T\d\d)", text)}

    assert named
    assert [number for number in named if f"\n| {number} |" not in TRUST] == []


# --- all pages -------------------------------------------------------------------------------------
def test_every_function_of_the_language_is_explained():
    page = (DOCS / "datasets.md").read_text(encoding="utf-8")

    assert [name for name in FUNCTIONS if not re.search(rf"`{name}[(`]", page)] == []


def test_every_page_that_is_mentioned_exists():
    missing = {
        f"{path.relative_to(PROJECT)}: {page}"
        for path in our_files()
        for page in re.findall(r"(?<![\w/.-])docs/[\w/-]*\w(?:\.\w+)?", path.read_text("utf-8"))
        if not (PROJECT / page).exists() and not list(PROJECT.glob(f"{page}-*.md"))
    }

    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    broken = []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        file, _, section = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        there = sections(target.read_text(encoding="utf-8")) if target.is_file() else None
        if there is None or (section and section not in there):
            broken.append(link)

    assert broken == []


def test_decisions_are_numbered_without_gaps():
    numbers = [int(path.name[:4]) for path in ADRS]

    assert numbers == list(range(1, len(ADRS) + 1))


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_fits_on_a_screen(path):
    text = path.read_text(encoding="utf-8")

    assert text.startswith(f"# {path.name[:4]}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 40
