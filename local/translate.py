"""The SAM template as plain CloudFormation, made on this machine and without a network.

The same `template.yaml` that goes to AWS is what the local stack boots, what the architecture
tests read and what cfn-lint checks with the state machine inlined.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).parents[1]
TEMPLATE = PROJECT / "template.yaml"
CODE_BUCKET = "local-code"
"""The bucket of every function and layer; the key is the logical id of the resource."""

_REGION = "eu-central-1"
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


def load(path: Path) -> dict[str, Any]:
    """Read a template; `!Ref` and its like become the long form."""
    template: dict[str, Any] = yaml_parse(path.read_text(encoding="utf-8"))
    return template


def translate(template_path: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Translate a SAM template into CloudFormation.

    Code is named `s3://local-code/<logical id>`, a state machine's file is inlined as
    `DefinitionString`, and its substitutions stay `DefinitionSubstitutions`. Parameters keep their
    defaults where they are not given.
    """
    return translate_template(load(template_path), parameters, template_path.parent)


def translate_template(
    template: dict[str, Any], parameters: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    """Translate a template that was read already; its files are looked for in the folder."""
    for logical_id, resource in template["Resources"].items():
        _make_self_contained(logical_id, resource, folder)
    region = parameters.get("AWS::Region", _REGION)
    translator = Translator({}, Parser(), boto_session=Session(region_name=region))
    translated = translator.translate(
        sam_template=template,
        parameter_values={"AWS::Partition": "aws", "AWS::Region": region, **parameters},
    )
    # Through JSON, for the translator shares objects (one list of layers for every function) and
    # who changes the result for one resource should not change it for another.
    plain: dict[str, Any] = json.loads(json.dumps(translated))
    for resource in plain["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            separator, lines = resource["Properties"]["DefinitionString"]["Fn::Join"]
            machine = json.loads(separator.join(lines))
            text = json.dumps(machine, ensure_ascii=False, separators=(",", ":"))
            resource["Properties"]["DefinitionString"] = text
    return plain


def folders(template_path: Path) -> dict[str, Path]:
    """Give the folder of the code of each function and layer, by logical id."""
    found = {}
    for logical_id, resource in load(template_path)["Resources"].items():
        properties = resource.get("Properties", {})
        uri = properties.get("CodeUri") or properties.get("ContentUri")
        if uri is not None:
            found[logical_id] = template_path.parent / uri
    return found


def definition(translated: Mapping[str, Any], logical_id: str) -> dict[str, Any]:
    """Give a state machine with every substitution filled in by an ARN that only looks like one."""
    text = translated["Resources"][logical_id]["Properties"]["DefinitionString"]
    arn = rf"arn:aws:lambda:{_REGION}:123456789012:function:\1"
    filled: dict[str, Any] = json.loads(_SUBSTITUTION.sub(arn, text))
    return filled


def _make_self_contained(logical_id: str, resource: dict[str, Any], folder: Path) -> None:
    """Replace what points to a file on this machine: the translator refuses it."""
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::Serverless::Function":
            properties["CodeUri"] = f"s3://{CODE_BUCKET}/{logical_id}"
        case "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = f"s3://{CODE_BUCKET}/{logical_id}"
        case "AWS::Serverless::StateMachine" if "DefinitionUri" in properties:
            file = folder / properties.pop("DefinitionUri")
            properties["Definition"] = json.loads(file.read_text(encoding="utf-8"))


def main() -> None:
    """Write the translated template, and the state machine with its functions filled in."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="where to write; made when it is not there")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    translated = translate(TEMPLATE, {})
    text = json.dumps(translated, ensure_ascii=False, indent=1)
    (folder / "template.json").write_text(text, encoding="utf-8")
    machine = json.dumps(definition(translated, "DeliveryStateMachine"), ensure_ascii=False)
    (folder / "delivery.asl.json").write_text(machine, encoding="utf-8")


if __name__ == "__main__":
    main()
