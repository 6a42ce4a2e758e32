"""Derives the schemas from the records, so that the two cannot drift apart."""

from __future__ import annotations

import dataclasses
import json
import types
from enum import StrEnum
from pathlib import Path
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from migrator import model
from migrator.report.json_report import SCHEMA_VERSION
from migrator.report.schemas import FILES, KINDS, answers
from migrator.status import TaskStatus

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
SIMPLE: dict[Any, dict[str, str]] = {
    **{hint: {"type": name} for hint, name in PLAIN.items()},
    type(None): {"type": "null"},
    Any: {},
}
LITERAL = "literal"

Object = dict[str, Any]


def derived(kind: str) -> Object:
    """The schema of one kind of document as the records are now."""
    definitions: Object = {}
    properties: Object = {}
    if kind not in FILES:
        properties = {
            "kind": {"const": kind},
            "schema": {"const": SCHEMA_VERSION},
            "tool": {"type": "string", "pattern": "^migrate "},
        }
    properties |= _content(kind, definitions)
    return {
        "$schema": DIALECT,
        "title": f"migrate: {kind}, schema version {SCHEMA_VERSION}",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "$defs": dict(sorted(definitions.items())),
    }


def _content(kind: str, definitions: Object) -> Object:
    if kind == "scan":
        return {
            "inventory": _of(model.Inventory, definitions),
            "verdicts": _list(_of(model.Verdict, definitions)),
        }
    if kind == "plan":
        return {"plan": _of(model.Plan, definitions)}
    if kind == "status":
        return {"tasks": _list(_of(TaskStatus, definitions))}
    forms = answers.ANSWERS | answers.FILES
    if kind in forms:
        return {name: _of(hint, definitions) for name, hint in forms[kind].items()}
    return {
        "changes": _list(_change()),
        "manual_steps": _list(_of(model.ManualStep, definitions)),
        "refusals": _list(_of(model.Refusal, definitions)),
    }


def _change() -> Object:
    """As printed: bytes are text where they are UTF-8, else base64."""
    string = {"type": "string"}
    side = {
        "description": "null: the file does not exist on this side",
        "oneOf": [
            {"type": "null"},
            {"type": "object", "required": ["text"], "properties": {"text": string}},
            {
                "type": "object",
                "required": ["base64"],
                "properties": {"base64": string | {"contentEncoding": "base64"}},
            },
        ],
    }
    properties = {
        "path": string,
        "before": side,
        "after": side,
        "reasons": _list(string),
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Object) -> Object:
    return {"type": "array", "items": items}


def _of(hint: Any, definitions: Object) -> Object:
    if set(PLAIN) <= set(get_args(hint)):  # model.Literal, however far resolved
        return _literal(definitions)
    if hint in SIMPLE:
        return dict(SIMPLE[hint])
    if is_typeddict(hint):
        return _form(hint, definitions)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [str(member) for member in hint]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _record(hint, definitions)
    return _compound(hint, definitions)


def _compound(hint: Any, definitions: Object) -> Object:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(parts)} if len(parts) > 1 else {"const": parts[0]}
    if origin is list:
        return _list(_of(parts[0], definitions))
    if origin in {Union, types.UnionType}:
        return {"anyOf": [_of(part, definitions) for part in parts]}
    if origin is tuple and parts[-1] is Ellipsis:
        return _list(_of(parts[0], definitions))
    if origin is tuple:
        each = [_of(part, definitions) for part in parts]
        size = len(each)
        return {
            "type": "array",
            "prefixItems": each,
            "minItems": size,
            "maxItems": size,
        }
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(parts[1], definitions)}
    raise TypeError(f"no schema for {hint!r}")


def _form(form: Any, definitions: Object) -> Object:
    """A mapping with known keys; those that may be left out are not required."""
    name = form.__name__.removesuffix("Form")
    if name not in definitions:
        definitions[name] = {}
        own: Object = {"type": "object"}
        if form.__doc__:
            own["description"] = " ".join(form.__doc__.split())
        extras = get_type_hints(form, include_extras=True)
        own["required"] = [
            key
            for key, hint in extras.items()
            if key in form.__required_keys__ and get_origin(hint) is not NotRequired
        ]
        hints = get_type_hints(form)
        own["properties"] = {f: _of(hint, definitions) for f, hint in hints.items()}
        definitions[name] = own
    return {"$ref": f"#/$defs/{name}"}


def _record(record: type, definitions: Object) -> Object:
    name = record.__name__
    if name not in definitions:
        definitions[name] = {}  # a record may hold itself
        hints = get_type_hints(record)
        own: Object = {"type": "object"}
        # Without a docstring, dataclass makes one of the signature.
        if record.__doc__ and not record.__doc__.startswith(f"{name}("):
            own["description"] = " ".join(record.__doc__.split())
        own["required"] = list(hints)
        own["properties"] = {f: _of(hint, definitions) for f, hint in hints.items()}
        definitions[name] = own
    return {"$ref": f"#/$defs/{name}"}


def _literal(definitions: Object) -> Object:
    """Any JSON value: what an option's source evaluates to."""
    definitions[LITERAL] = {
        "description": "The value of a literal. A number that JSON has no form for "
        "(1e999, or more than 4096 bits) is given as text.",
        "type": ["null", "boolean", "number", "string", "array", "object"],
    }
    return {"$ref": f"#/$defs/{LITERAL}"}


def main() -> None:
    """Write the files beside this one."""
    for kind in (*KINDS, *FILES):
        text = json.dumps(derived(kind), indent=2) + "\n"
        Path(__file__).with_name(f"{kind}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
