"""The SAM template becomes CloudFormation without a network."""

import json

from local.translate import definition, folders, translate

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: { Type: String, Default: dag }
Globals:
  Function: { Runtime: python3.13, Handler: app.lambda_handler, Layers: [!Ref WordsLayer] }
Resources:
  GreetFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: greet/, Role: arn:aws:iam::123456789012:role/greet }
  PartFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: part/, Role: arn:aws:iam::123456789012:role/part }
  WordsLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: words/ }
  Visit:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: visit.asl.json
      DefinitionSubstitutions: { GreetFunctionArn: !GetAtt GreetFunction.Arn }
      Role: arn:aws:iam::123456789012:role/visit
"""
MACHINE = {
    "StartAt": "Groet",
    "States": {"Groet": {"Type": "Task", "Resource": "${GreetFunctionArn}", "End": True}},
}


def written(folder):
    (folder / "visit.asl.json").write_text(json.dumps(MACHINE))
    template = folder / "template.yaml"
    template.write_text(TEMPLATE)
    return template


def test_code_is_named_after_its_resource(tmp_path):
    resources = translate(written(tmp_path), {})["Resources"]

    assert resources["GreetFunction"]["Properties"]["Code"] == {
        "S3Bucket": "local-code",
        "S3Key": "GreetFunction",
    }
    (layer,) = (name for name in resources if name.startswith("WordsLayer"))
    assert resources[layer]["Properties"]["Content"]["S3Key"] == "WordsLayer"


def test_the_code_itself_is_found_by_the_same_name(tmp_path):
    found = folders(written(tmp_path))

    assert found == {
        "GreetFunction": tmp_path / "greet",
        "PartFunction": tmp_path / "part",
        "WordsLayer": tmp_path / "words",
    }


def test_the_state_machine_is_inlined_with_its_substitutions(tmp_path):
    machine = translate(written(tmp_path), {})["Resources"]["Visit"]["Properties"]

    assert json.loads(machine["DefinitionString"]) == MACHINE
    assert machine["DefinitionSubstitutions"] == {
        "GreetFunctionArn": {"Fn::GetAtt": ["GreetFunction", "Arn"]}
    }


def test_a_filled_in_definition_names_functions_that_look_real(tmp_path):
    machine = definition(translate(written(tmp_path), {}), "Visit")

    resource = machine["States"]["Groet"]["Resource"]
    assert resource.startswith("arn:aws:lambda:")
    assert resource.endswith(":function:GreetFunctionArn")


def test_changing_one_function_leaves_the_others_as_they_were(tmp_path):
    resources = translate(written(tmp_path), {})["Resources"]

    resources["GreetFunction"]["Properties"]["Layers"].clear()

    assert len(resources["PartFunction"]["Properties"]["Layers"]) == 1
