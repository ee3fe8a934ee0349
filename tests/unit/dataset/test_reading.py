"""A dataset is read from its folder, and a wrong one is refused with its place."""

from __future__ import annotations

import datetime as dt
import shutil
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import pytest

from databroker.dataset import DatasetFileError, datasets, find_dataset
from databroker.dataset.catalogue import read_all
from databroker.dataset.reading import read_dataset
from databroker.rules import RuleBookError, rule_book

if TYPE_CHECKING:
    from pathlib import Path

HOME = files("nhr_datasets") / "pmicd-interventie"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with as_file(HOME / "22.2") as sound:
        shutil.copytree(sound, tmp_path / "22.2")
    return tmp_path / "22.2"


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_columns_stand_in_the_order_of_the_handbook() -> None:
    columns = list(read_dataset(HOME, "22.2").columns.values())

    positions = [column.position for column in columns if column.position is not None]
    others = [column.name for column in columns[len(positions) :]]

    assert positions == list(range(1, 59))
    assert others == ["bsn", "mutatie", "bezwaar_patient"]


def test_the_leads_and_what_the_handbook_does_not_know_are_optional_columns() -> None:
    optional = {
        name
        for name, c in read_dataset(HOME, "22.2").columns.items()
        if not c.field.column_required
    }

    leads = {name for name in optional if name.startswith("lead_")}

    assert len(leads) == 28
    assert optional - leads == {"bsn", "mutatie", "bezwaar_patient"}


def test_a_column_is_found_under_its_alias_in_any_case() -> None:
    headers = read_dataset(HOME, "22.2").headers

    assert headers["icd_pm_indicatie"] == "ICD_PMfunctie"
    assert headers["lvef"] == "LVEF"
    assert headers["lead_code7"] == "lead_code7"


def test_no_direct_identifier_goes_on_after_the_privacy_step() -> None:
    ending = {field.name for field in read_dataset(HOME, "22.2").fields if not field.kept}

    assert ending == {"pat_nr", "geb_naam", "partnernaam", "geb_datum", "postcode", "bsn"}


def test_every_rule_can_be_filled_in_and_never_shows_a_person() -> None:
    dataset = read_dataset(HOME, "22.2")
    personal = {field.name for field in dataset.fields if field.id_class != "geen"}

    shown = {code for code, rule in dataset.rules.items() if rule.shows_value}
    about_persons = {code for code, rule in dataset.rules.items() if personal & set(rule.fields)}

    assert not {code for code in shown & about_persons if code[0] in "FW"}
    assert dataset.finding("F-001", column="bsn", value="999990019").value is None


def test_a_dataset_is_found_by_name_and_version() -> None:
    newest = find_dataset("pmicd-interventie")

    assert newest is not None
    assert find_dataset("pmicd-interventie", newest.version) is newest
    assert find_dataset("pmicd-interventie", "1.0") is None
    assert find_dataset("hartklep") is None
    assert newest in datasets()


def test_versions_stand_with_the_newest_first(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "nhr_datasets"
    for version in ("9.9", "22.2", "25.1"):
        place = root / "pmicd-interventie" / version
        shutil.copytree(folder, place)
        change(place, "dataset.toml", '"22.2"', f'"{version}"')

    versions = [dataset.version for dataset in read_all(root)]

    assert versions == ["25.1", "22.2", "9.9"]


def a_change(folder: Path, facts: str = "", **files: str) -> Path:
    """Make a version 30.1 beside the folder that changes it, and give the folder of the dataset."""
    newer = folder.parent / "30.1"
    newer.mkdir()
    (newer / "dataset.toml").write_text(f'version = "30.1"\n{facts or BASED}', encoding="utf-8")
    for name, lines in files.items():
        header = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        (newer / f"{name}.csv").write_text(f"{header}\n{lines}\n", encoding="utf-8")
    return folder.parent


BASED = 'based_on = "22.2"\n'
WEIGHT = "10,PMICD-PAT-20,gewicht,1,Gewicht,Weight,decimaal,gram,,,geen,ja,ja,ja,,,,,,,,,,,,,,,"
NO_RULE = (
    "F-308,valideren,rij,gewicht,gewicht == 1,Te licht.,Weeg opnieuw.,Too light.,Weigh again.,ja,,1,"
    "handboek"
)


def test_a_version_that_changes_another_says_only_what_differs(folder: Path) -> None:
    home = a_change(folder, fields=WEIGHT, rules=NO_RULE)
    older, newer = read_dataset(home, "22.2"), read_dataset(home, "30.1")

    fields = [(old.name, new) for old, new in zip(older.fields, newer.fields, strict=True)]
    rules = {code for code, rule in newer.rules.items() if rule != older.rules[code]}

    assert newer.version == "30.1"
    assert (newer.label, newer.max_rows) == (older.label, older.max_rows)
    assert [new.unit for name, new in fields if name == "gewicht"] == ["gram"]
    assert all(
        old == new
        for old, new in zip(older.fields, newer.fields, strict=True)
        if old.name != "gewicht"
    )
    assert list(newer.rules) == list(older.rules)
    assert rules == {"F-308"}


def test_a_version_says_which_rules_are_on_trial(folder: Path) -> None:
    home = a_change(folder, f"{BASED}[trials]\nF-218 = 2026-12-01\n")

    tried = {code: rule.trial_from for code, rule in read_dataset(home, "30.1").rules.items()}

    assert {code: day for code, day in tried.items() if day} == {"F-218": dt.date(2026, 12, 1)}


def test_what_a_version_drops_is_gone_with_its_codes(folder: Path) -> None:
    home = a_change(folder, f'{BASED}dropped = ["interv_gepland", "W-204"]')

    dataset = read_dataset(home, "30.1")

    assert "interv_gepland" not in dataset.columns
    assert "W-204" not in dataset.rules
    assert rule_book(dataset)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ('based_on = "22.1"\n', "22.1/dataset.toml: is missing"),
        ('based_on = "30.1"\n', "30.1/dataset.toml: 30.1 is not an older version"),
        ('based_on = "oud"\n', "30.1/dataset.toml: based_on is not numbers"),
        (f'{BASED}dropped = ["gewoon"]', "30.1/dataset.toml: dropped: 22.2 has no gewoon"),
        (f'{BASED}dropped = "W-204"', "30.1/dataset.toml: dropped is not list"),
        (f'{BASED}dropped = ["interv_gepland"]', "22.2/rules.csv, line "),
        (f'{BASED}[trials]\nF-218 = "nu"', "30.1/dataset.toml: trials: F-218 has no date"),
        (f"{BASED}[trials]\nF-999 = 2026-01-01", "F-999 is no rule with a condition"),
        (f"{BASED}[trials]\nBF-002 = 2026-01-01", "BF-002 is no rule with a condition"),
        (f"{BASED}[trials]\nF-113 = 2026-01-01", "F-113 is no rule with a condition"),
        ('label = "los"', "30.1/dataset.toml: missing or unknown: conflict_policy, id, max_bytes"),
    ],
)  # fmt: skip
def test_a_wrong_change_is_refused(folder: Path, facts: str, message: str) -> None:
    home = a_change(folder, facts)

    with pytest.raises(DatasetFileError) as refused:
        read_dataset(home, "30.1")

    assert message in str(refused.value)


def test_a_dataset_in_the_folder_of_another_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "nhr_datasets" / "pmicd-followup" / "22.2")

    with pytest.raises(DatasetFileError) as refused:
        read_all(tmp_path / "nhr_datasets")

    assert "pmicd-followup/22.2" in str(refused.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("dataset.toml", "max_rows = 20_000\n", "", "dataset.toml: missing or unknown: max_rows"),
        ("dataset.toml", 'label = "', 'kleur = "x"\nlabel = "', "missing or unknown: kleur"),
        ("dataset.toml", "20_000", '"veel"', "dataset.toml: max_rows is not int"),
        ("dataset.toml", '"22.2"', '"22.3"', "22.2/dataset.toml: version 22.3 does not belong here"),
        ("dataset.toml", '"22.2"', '"nieuw"', "dataset.toml: version is not numbers"),
        ("dataset.toml", 'id = "', "id = ", "dataset.toml: "),
        ("dataset.toml", "registers = true", "registers = 1", "registers is not bool"),
        ("fields.csv", "position,number", "number,position", "22.2/fields.csv, line 1: the header"),
        ("fields.csv", ",tekst,", ",proza,", "fields.csv, line 2: type: 'proza'"),
        ("fields.csv", ",100,", ",100,,", "fields.csv, line 2: 30 cells instead of 29"),
        ("fields.csv", "PMICD-ID-130,interv_datum", "X,interv_nr", "line 3: interv_nr stands"),
        ("fields.csv", "direct,nee", "direct,ja", "line 4: a direct identifier is never kept"),
        ("fields.csv", "direct,nee", "direct,misschien", "line 4: kept: 'misschien'"),
        ("fields.csv", ",20,270,140,205,", ",20,270,140,300,", "line 10: the limits are not in order"),
        ("fields.csv", "29 33 37 41 45 49 53", "29 33", "line 30: a position for each slot"),
        ("fields.csv", "lead_ingreep{n},7", "lead_ingreep,7", "line 30: {n} in the name"),
        ("fields.csv", '"als PM, of ICD met pacemakerfunctie"', "", "condition and required_when"),
        ("fields.csv", "Geboortenaam,Birth name,", "Geboortenaam,,", "line 5: label_en is empty"),
        ("fields.csv", '"DD-MM-JJJJ or DD/MM/JJJJ (day, month, year)"', "", "format and format_en go together"),
        ("fields.csv", '"if PM, or ICD with pacemaker function"', "", "condition and condition_en go"),
        ("fields.csv", "Lead {n}: type of procedure", "Type", "label and label_en differ in {n}"),
        ("fields.csv", "if lead_ingreep{n} is", "if it is", "condition and condition_en differ in {n}"),
        ("codes.csv", "geslacht,2,Vrouw,Female", "geslacht,2,Vrouw,", "line 3: label_en is empty"),
        ("codes.csv", "geslacht,2", "geslacht,1", "codes.csv, line 3: code 1 stands here twice"),
        ("codes.csv", "diabetes,0", "suiker,0", "codes.csv, line 5: there is no field suiker"),
        ("rules.csv", "BF-001,", "BX-001,", "rules.csv, line 2: code: 'BX-001'"),
        ("rules.csv", "BF-002,", "BF-001,", "rules.csv, line 3: BF-001 stands here twice"),
        ("rules.csv", "BF-002,structuur", "BF-002,ergens", "line 3: phase: 'ergens'"),
        ("rules.csv", "({ext})", "({ext)", "rules.csv, line 2: message:"),
        ("rules.csv", "Make the export again.", "", "rules.csv, line 3: fix_en is empty"),
        ("rules.csv", "larger than {max_mb}", "larger than {max_mb", "line 4: message_en:"),
        ("rules.csv", "{max_mb} MB.,Split", "{mb} MB.,Split", "message_en differ in max_mb, mb"),
        ("rules.csv", "Split the file by quarter.", "{max_mb}", "line 4: fix and fix_en differ in max_mb"),
        ("rules.csv", "rij,interv_nr pat_nr,", "rij,interv_nr pat,", "F-102: there is no field pat"),
        ("rules.csv", ",eigen ontwerp", ",", "source is empty"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_line(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    change(folder, file, old, new)

    with pytest.raises(DatasetFileError) as refused:
        read_dataset(folder.parent, "22.2")

    assert message in str(refused.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "codes.csv").unlink()

    with pytest.raises(DatasetFileError) as refused:
        read_dataset(folder.parent, "22.2")

    assert "codes.csv" in str(refused.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("rules.csv", "bezwaar_patient == 1", "bezwaar == 1", "F-113: 'bezwaar'"),
        ("rules.csv", "elfproef(bsn)", "twaalfproef(bsn)", "F-111: 'twaalfproef'"),
        ("fields.csv", "lead_ingreep is not None", "lead_daad is None", "lead_type{n}: 'lead_daad'"),
    ],
)  # fmt: skip
def test_a_condition_that_is_not_understood_is_named_by_its_rule(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    change(folder, file, old, new)
    dataset = read_dataset(folder.parent, "22.2")

    with pytest.raises(RuleBookError) as refused:
        rule_book(dataset)

    assert message in str(refused.value)
