"""What stands under docs/datasets/ is what the data gives today."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from databroker.dataset import datasets
from databroker.findings import Language
from local import publish

MADE = publish.published(datasets())
THERE = publish.written(publish.FOLDER)


def test_every_document_of_every_dataset_is_there_and_nothing_else() -> None:
    assert THERE.keys() == MADE.keys()


def test_every_document_is_current() -> None:
    old = sorted(str(place) for place, content in MADE.items() if THERE.get(place) != content)

    assert old == [], "run `make docs`"


def test_every_dataset_has_its_pages_at_the_place_that_findings_name() -> None:
    pages = {f"docs/datasets/{place}": content.decode() for place, content in MADE.items()
             if place.suffix == ".md"}  # fmt: skip

    links = [
        dataset.rule_link(code, language)
        for dataset in datasets()
        for code in dataset.rules
        for language in Language
    ]

    named = {
        page: set(re.findall(r"^### (.+)$", text, re.MULTILINE)) for page, text in pages.items()
    }
    assert [
        link
        for link in links
        for page, _, anchor in [link.partition("#")]
        if anchor.upper() not in named.get(page, ())
    ] == []
    assert {dataset.rule_page for dataset in datasets()} <= pages.keys()


def test_a_version_tells_what_changed_since_the_one_before_it() -> None:
    (oldest, *_) = reversed(datasets())
    newer = dataclasses.replace(oldest, version="99.1")

    made = publish.published([newer, oldest])

    changes = [place for place in made if place.name.startswith("wijzigingen")]
    assert changes == [Path(oldest.id, "99.1", f"wijzigingen-sinds-{oldest.version}.json")]
