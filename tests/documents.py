"""Checks what the tool prints or keeps as JSON against the shipped schemas."""

from __future__ import annotations

import json

import jsonschema

from migrator.report.schemas import schema
from migrator.report.schemas.derive import derived


def strict(node):
    """The schema with no room for fields that it does not name."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    tight = {key: strict(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and "type" in node:
        tight["additionalProperties"] = False
    return tight


def valid(document, kind):
    """The content; fields that the schema does not name are an error, too."""
    content = json.loads(document)
    for accepted in (schema(kind), strict(derived(kind))):
        jsonschema.Draft202012Validator.check_schema(accepted)
        jsonschema.Draft202012Validator(accepted).validate(content)
    return content
