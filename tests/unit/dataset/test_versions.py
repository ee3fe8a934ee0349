"""Versions of a dataset stand side by side; a file is read in the one that its header is of."""

from __future__ import annotations

import csv
import io
import shutil
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import pytest

from databroker.dataset import catalogue, find_versions
from databroker.dataset.catalogue import read_all
from databroker.intake import read_delivery
from databroker.validation import validate
from tests.support.interventions import CONTEXT, an_intervention

if TYPE_CHECKING:
    from pathlib import Path

    from databroker.dataset import Dataset

NEW_NAME = {"ICD_PMfunctie": "ICD_PM_indicatie"}
BOTH = find_versions("pmicd-interventie")


def a_file(header: dict[str, str] | None = None, **changes: str) -> bytes:
    """Make a file of version 22.2 with one record, its columns renamed or (an empty name) left out."""
    renamed = header or {}
    cells = {renamed.get(name, name): value for name, value in an_intervention(**changes).items()}
    cells.pop("", None)
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([cells, cells.values()])
    return text.getvalue().encode()


def version_of(content: bytes, versions: tuple[Dataset, ...] = BOTH) -> str:
    reading = read_delivery(content, "export.csv", versions)
    assert [finding.code for finding in reading.findings] == []
    return reading.dataset.version


def test_the_header_tells_the_version() -> None:
    assert [dataset.version for dataset in BOTH] == ["25.1", "22.2"]
    assert version_of(a_file()) == "22.2"
    assert version_of(a_file({"ICD_PMfunctie": " icd_pm_INDICATIE "})) == "25.1"
    assert version_of(a_file(NEW_NAME | {"hartfalen": ""})) == "25.1"


def test_a_header_that_fits_no_version_is_held_to_the_newest() -> None:
    assert version_of(a_file({"hartfalen": ""})) == "25.1"


def test_a_version_that_was_named_is_the_version_whatever_the_header() -> None:
    newest, oldest = BOTH

    assert version_of(a_file(), (newest,)) == "25.1"
    assert version_of(a_file(NEW_NAME), (oldest,)) == "22.2"


def test_a_dataset_is_found_without_reading_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(catalogue, "_versions", catalogue._versions.__wrapped__)
    monkeypatch.setattr(catalogue, "read_versions", lambda home, _: read.append(home.name) or [])

    for name in ("pmicd-followup", "../pmicd-followup", "hartklep"):
        find_versions(name)

    assert read == ["pmicd-followup"]


@pytest.mark.parametrize("content", [b"", b"%PDF-", b";;\n1;2;3\n"])
def test_a_file_without_a_header_is_told_about_in_the_newest(content: bytes) -> None:
    reading = read_delivery(content, "export.csv", BOTH)

    assert reading.dataset is BOTH[0]
    assert reading.records is None


def test_a_file_of_the_other_dataset_is_recognised_in_any_version() -> None:
    follow_up, *_ = find_versions("pmicd-followup")
    content = ";".join(follow_up.columns) + "\r\nMCX-000123;12-02-2026\r\n"

    there = read_delivery(content.encode(), "export.csv", BOTH)
    here = read_delivery(a_file(), "export.csv", find_versions("pmicd-followup"))

    assert [finding.code for finding in there.findings + here.findings] == ["BF-008", "BF-008"]
    assert "(lijkt op PM/ICD Follow-up)" in there.findings[0].message
    assert "(lijkt op PM/ICD Interventie)" in here.findings[0].message


def test_a_version_is_added_by_files_alone(tmp_path: Path) -> None:
    with as_file(files("nhr_datasets")) as shipped:
        shutil.copytree(shipped, tmp_path, dirs_exist_ok=True)
    older, newer = (tmp_path / "pmicd-interventie" / version for version in ("22.2", "26.1"))
    added = {
        "fields": "59,PMICD-UIZ-400,delier,1,Delier,Delirium,code,,,,geen,ja,ja,ja,,,,,,,,,,,,,,95,",
        "codes": "delier,0,Nee,No\ndelier,1,Ja,Yes",
        "rules": "W-599,valideren,rij,delier,delier == 1,Delier.,Let op.,Delirium.,Mind.,ja,,1,handboek",
    }
    newer.mkdir()
    (newer / "dataset.toml").write_text('version = "26.1"\nbased_on = "25.1"\n')
    for name, lines in added.items():
        header, *_ = (older / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        (newer / f"{name}.csv").write_text(f"{header}\n{lines}\n")

    versions = tuple(each for each in read_all(tmp_path) if each.id == "pmicd-interventie")
    old = read_delivery(a_file(), "export.csv", versions)
    new = read_delivery(a_file(NEW_NAME, delier="1"), "export.csv", versions)

    assert [dataset.version for dataset in versions] == ["26.1", "25.1", "22.2"]
    assert (old.dataset.version, new.dataset.version) == ("22.2", "26.1")
    assert new.records is not None
    found = validate(new.records, new.dataset, CONTEXT).findings
    assert [finding.code for finding in found] == ["W-599"]
