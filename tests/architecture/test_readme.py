"""The README tells the truth about the tree and the commands."""

import re

from local.translate import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


def table(heading):
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)


def test_every_folder_with_files_of_ours_is_in_the_map_and_exists():
    named = {
        name.strip("/") for cell in table("The tree") for name in re.findall(r"`([^`]+)`", cell)
    }
    there = {
        path.name
        for path in PROJECT.iterdir()
        if path.is_dir() and not path.name.startswith((".", "_")) and any(path.rglob("*.*"))
    }

    assert {name.partition("/")[0] for name in named} - {"template.yaml"} == there
    assert all((PROJECT / name).exists() for name in named)


def test_every_path_it_names_exists():
    paths = re.findall(r"`((?:docs|layers|tests|local|functions|statemachine)/[^`*]*)`", README)

    assert paths
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"(?:`|\(|^)make (?:-s )?([a-z]+)", README, re.MULTILINE))

    assert {"demo", "test", "up", "check", "build", "deploy", "data", "help"} <= targets
    assert {
        target for target in targets if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    } == set()


def test_the_pipeline_runs_what_the_readme_tells_to_test_with():
    assert "exec make check" in (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^check: .*\btest\b", MAKEFILE, re.MULTILINE)


def test_the_picture_shows_every_state_of_the_journey():
    definition = (PROJECT / "statemachine" / "delivery.asl.json").read_text(encoding="utf-8")
    tasks = re.findall(r'"([A-Z][^"]+)": \{\s*"Type": "Task"', definition)

    assert len(tasks) > 10
    assert [task for task in tasks if task not in README and task != "Handel storing af"] == []
