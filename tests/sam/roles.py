"""Prints the IAM roles that SAM makes of the template on standard input, both as JSON.

Run by the Python of .venv-sam: the translator is part of the SAM CLI, and so the one that deploys.
"""

import json
import sys

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

template = json.load(sys.stdin)
for resource in template["Resources"].values():
    # The translator asks for what `sam build` has put there.
    for word in {"CodeUri", "ContentUri"} & set(resource["Properties"]):
        resource["Properties"][word] = "s3://bucket/key"
defaults = {name: given.get("Default", "") for name, given in template["Parameters"].items()}
translated = Translator({}, Parser()).translate(template, defaults)
wanted = {"AWS::IAM::Role", "AWS::Lambda::Function"}
json.dump({n: r for n, r in translated["Resources"].items() if r["Type"] in wanted}, sys.stdout)
