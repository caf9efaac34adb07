"""The JSON Schema of a runbook's file, for editors."""

from __future__ import annotations

import re
from typing import Any

from warroom.capabilities import StepBase
from warroom.runbooks.library import Kinds
from warroom.runbooks.model import UNDO, Runbook


def schema(kinds: Kinds) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a runbook's file, for editors. `check` knows more: what names what."""
    made = Runbook.model_json_schema(by_alias=True)
    made["properties"].pop("key")
    definitions = made["$defs"]
    for name in ("Step", "Do"):
        definitions[name]["properties"]["do"] = {"enum": [*kinds, *([UNDO] if name == "Do" else [])], "title": "Do"}
        definitions[name]["allOf"] = [
            {
                "if": {"properties": {"do": {"const": kind.step}}, "required": ["do"]},
                "then": {"properties": {"with": _parameters_schema(kind)}},
            }
            for kind in kinds.values()
        ]
    undo = definitions["Step"]["properties"]["undo"]
    definitions["Step"]["properties"]["undo"] = {
        "anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/Do"}],
        "default": undo.get("default"),
    }
    approve = definitions["Step"]["properties"]["approve"]
    definitions["Step"]["properties"]["approve"] = {"anyOf": [{"const": True}, *approve.get("anyOf", [approve])]}
    for owner, name in (("Step", "if"),):
        definitions[owner]["properties"][name] = {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
        }
    made["properties"]["otherwise"] = {
        "anyOf": [{"$ref": "#/$defs/Do"}, {"type": "array", "items": {"$ref": "#/$defs/Do"}}]
    }
    by_name = made["properties"]["inputs"]
    by_name["additionalProperties"] = {"anyOf": [{"$ref": "#/$defs/Input"}, {"type": "null"}]}
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "Warroom runbook"
    made["description"] = "What may be done about an incident: see docs/runbooks.md."
    return made


def _parameters_schema(kind: StepBase[Any]) -> dict[str, Any]:
    """Every parameter takes a text too, for a placeholder may stand there."""
    own = kind.parameters.model_json_schema(
        by_alias=True, ref_template=f"#/$defs/{re.sub(r'[^a-z]', '_', kind.step)}_{{model}}"
    )
    own.pop("$defs", None)
    properties = {
        name: {"description": about.get("description", ""), "default": about["default"]}
        if "default" in about
        else {"description": about.get("description", "")}
        for name, about in own.get("properties", {}).items()
    }
    return {
        "type": "object",
        "description": kind.about,
        "properties": properties,
        "required": own.get("required", []),
        "additionalProperties": False,
    }
