"""Prints template.yaml as CloudFormation gets it: what SAM makes of it, with every role and stage.

Run with the SAM CLI's environment, which has the transform: the roles, the stage and the schedule
that SAM adds are the most of what a policy can be broken by, and in the template they do not stand.
"""

import json
import sys
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

template = yaml_parse(Path("template.yaml").read_text(encoding="utf-8"))
# What `sam package` would put there; nothing is uploaded.
for resource in template["Resources"].values():
    for uri in ("CodeUri", "ContentUri"):
        if uri in resource["Properties"]:
            resource["Properties"][uri] = "s3://bucket/key"
parameters = {
    name: declared.get("Default", "https://issuer.example.com")
    for name, declared in template["Parameters"].items()
}
transformed = Translator({}, Parser()).translate(template, parameters)
json.dump(transformed, sys.stdout, indent=1)
