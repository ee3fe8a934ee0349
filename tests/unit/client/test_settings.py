"""What a command is told: option, environment, config file; in that order, for everything."""

from argparse import Namespace
from pathlib import Path

import pytest

from aanleveren.outcome import CommandError, Exit
from aanleveren.settings import NAMES, Settings, read_settings
from tests.support.interventions import an_intervention

EXAMPLES = {
    "inbox": ("een", "twee", "drie"),
    "outbox": ("een", "twee", "drie"),
    "endpoint": ("http://een", "http://twee", "http://drie"),
    "zorgttp": ("https://een", "https://twee", "https://drie"),
    "dataset": ("pmicd-interventie", "pmicd-followup", "pmicd-interventie@22.2"),
    "centre": ("MCX", "MCY", "MCZ"),
    "soort": ("test", "productie", "test"),
    "taal": ("en", "nl", "en"),
    "logboek": (Path("een.log"), Path("twee.log"), Path("drie.log")),
    "stil": (True, False, True),
}


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def kept(home):
    """Write the config file where it is looked for."""

    def write(text):
        path = home / ".aanleveren.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def asked(**options):
    return Namespace(**({"config": None} | options))


def toml(value):
    return str(value).lower() if isinstance(value, bool) else f"'{value}'"


# --- precedence ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_an_option_goes_before_the_environment_and_that_before_the_file(kept, name):
    option, environment, in_file = EXAMPLES[name]
    kept(f"{name} = {toml(in_file)}")
    told = {f"AANLEVEREN_{name.upper()}": str(environment)}
    given = option if isinstance(option, bool) else str(option)

    found = [
        getattr(read_settings(asked(**options), variables), name)
        for options, variables in (
            ({name: given}, told),
            ({name: None}, told),
            ({name: None}, {f"AANLEVEREN_{name.upper()}": ""}),
        )
    ]

    assert found == [option, environment, in_file]


def test_what_nobody_told_is_as_it_always_was():
    assert read_settings(asked(), {}) == Settings(taal="nl", stil=False)


def test_a_file_that_is_named_goes_before_that_of_the_environment(home):
    (home / "optie.toml").write_text("inbox = 'optie'")
    (home / "omgeving.toml").write_text("inbox = 'omgeving'")
    told = {"AANLEVEREN_CONFIG": str(home / "omgeving.toml")}

    assert read_settings(asked(config=str(home / "optie.toml")), told).inbox == "optie"
    assert read_settings(asked(), told).inbox == "omgeving"


def test_a_task_needs_no_more_than_the_name_of_its_file(kept, csv_of, aanleveren):
    kept("dataset = 'pmicd-interventie'\ncentre = 'MCX'\n")

    ran = aanleveren("controleer", csv_of(an_intervention()), "--today", "2026-03-05")

    assert (ran.exit_code, ran.err) == (0, "")


def test_a_task_without_a_home_has_no_file(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(Path, "expanduser", lambda _: (_ for _ in ()).throw(RuntimeError()))

    assert read_settings(asked(), {}) == Settings()


def test_a_file_that_notepad_wrote_is_read(home):
    (home / ".aanleveren.toml").write_text("inbox = 'x'", encoding="utf-8-sig")

    assert read_settings(asked(), {}).inbox == "x"


# --- what is wrong, and what one reads then --------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inbox = 'x'\nbucket = 'y'", "kan alleen staan: inbox, outbox"),
        ("centre = 'mcx'", "centre in het configbestand"),
        ("soort = 'proef'", "kies uit productie of test"),
        ("taal = 'fr'", "kies uit nl of en"),
        ("stil = 'misschien'", "true of false"),
        ("inbox = 5", "een tekst zijn"),
        ("dataset = ['pmicd-interventie']", "een tekst zijn"),
        ('inbox = "x"\nlogboek = "D:\\nhr\\log.txt"', "(regel 2)"),
    ],
)
def test_a_config_file_that_is_wrong_is_told_what_is_wrong(kept, text, told):
    path = kept(text)

    with pytest.raises(CommandError) as refused:
        read_settings(asked(), {})

    assert refused.value.exit_code is Exit.USAGE
    assert told in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("source", ["option", "environment"])
def test_a_wrong_setting_is_told_with_where_it_was_told(source):
    option = "mcx" if source == "option" else None

    with pytest.raises(CommandError, match=r"centre in de (opdracht|omgeving)") as refused:
        read_settings(asked(centre=option), {"AANLEVEREN_CENTRE": "mcx" if not option else ""})

    assert "mcx" not in str(refused.value)


def test_a_setting_that_is_missing_is_told_with_all_its_ways(aanleveren, csv_of):
    ran = aanleveren("controleer", csv_of(an_intervention()), "--centre", "MCX")

    assert ran.exit_code == 2
    assert all(
        way in ran.err
        for way in ("--dataset", "AANLEVEREN_DATASET", "dataset in het configbestand")
    )


@pytest.mark.parametrize(
    "text",
    [
        "wachtwoord = 'geheim123'",
        "zorgttp_wachtwoord = 'geheim123'",
        "Password = 'geheim123'",
        "zorgttp_gebruiker = 'geheim123'",
        "aws_secret_access_key = 'geheim123'",
        "session_token = 'geheim123'",
        "[zorgttp]\nwachtwoord = 'geheim123'",
        "[een.twee]\ntoken = 'geheim123'",
        "endpoint = 'https://mcx:geheim123@voorbeeld.nl'",
        "inbox = 'AKIAGEHEIM1234567890'",
    ],
)
def test_a_config_file_with_a_password_is_refused_and_not_repeated(kept, text):
    path = kept(text)

    with pytest.raises(CommandError) as refused:
        read_settings(asked(), {})

    told = str(refused.value)
    assert refused.value.exit_code is Exit.USAGE
    assert str(path) in told
    assert "aanleveren aanmelden" in told
    assert "geheim123" not in told.lower().replace("1234567890", "")


def test_a_config_file_as_it_is_meant_holds_nothing_that_looks_like_a_password(kept):
    lines = [f"{name} = {toml(examples[2])}" for name, examples in EXAMPLES.items()]
    kept("\n".join(lines))

    settings = read_settings(asked(), {})

    assert {name: getattr(settings, name) for name in NAMES} == {
        name: examples[2] for name, examples in EXAMPLES.items()
    }
