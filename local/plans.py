"""What is deployed: the templates as CloudFormation, and where the code of each function is.

A process of its own makes them (`python -m local.plans PROJECT FILE`): the SAM translator is the
largest thing to load, and it works while the emulator starts.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEMPLATE = Path("template.yaml")
CENTRE_TEMPLATE = Path("onboarding/centre.yaml")
DEPLOYERS = ("deployment.py", "fitting.py", "restoring.py", "seeds.py", "translate.py")


@dataclass(frozen=True)
class Plans:
    """Two templates, and the folder of each function and layer by logical id."""

    main: dict[str, Any]
    centre: dict[str, Any]
    folders: dict[str, str]


def fingerprint(project: Path) -> str:
    """Tell these plans from others; function code is not in it, for that is read when it runs."""
    files = [project / TEMPLATE, project / CENTRE_TEMPLATE]
    files += sorted((project / "statemachine").iterdir())
    files += [Path(__file__).with_name(name) for name in DEPLOYERS]
    together = hashlib.sha256()
    for file in files:
        together.update(hashlib.sha256(file.read_bytes()).digest())
    return together.hexdigest()


def write(project: Path, file: Path) -> None:
    """Translate the templates of a project; this will leave the plans in a file."""
    from local import translate  # noqa: PLC0415  # who only reads plans does not load the translator

    template = project / TEMPLATE
    folders = {
        name: str(folder.relative_to(project))
        for name, folder in translate.folders(template).items()
    }
    plans = {
        "main": translate.translate(template, {}),
        "centre": translate.load(project / CENTRE_TEMPLATE),
        "folders": folders,
    }
    file.write_text(json.dumps(plans, ensure_ascii=False), encoding="utf-8")


def read(file: Path) -> Plans:
    """Read plans back; they will be as `write` left them."""
    return Plans(**json.loads(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
