"""A Python file as bytes and as a LibCST tree, with nothing lost on the way back."""

from __future__ import annotations

import codecs
import io
import tokenize
from dataclasses import dataclass

import libcst as cst


class NotEditableError(Exception):
    """The file cannot be edited without touching bytes that are not ours."""


@dataclass(frozen=True, slots=True)
class Source:
    """Decoded text with what is needed to encode it again."""

    text: str
    encoding: str
    has_bom: bool
    module: cst.Module

    def encode(self, module: cst.Module) -> bytes:
        """The tree as bytes in the file's own encoding."""
        data = module.code.encode(self.encoding)
        return codecs.BOM_UTF8 + data if self.has_bom else data


def read_source(data: bytes) -> Source:
    """Decode and parse; NotEditableError says why a file cannot be edited."""
    has_bom = data.startswith(codecs.BOM_UTF8)
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        text = body.decode(encoding)
        module = cst.parse_module(text)
    except (SyntaxError, UnicodeDecodeError, cst.ParserSyntaxError) as error:
        reason = str(error).splitlines()[0]
        raise NotEditableError(f"cannot be parsed: {reason}") from error
    except RecursionError as error:
        raise NotEditableError("is nested too deeply to be parsed") from error
    source = Source(text, encoding, has_bom, module)
    if source.encode(module) != data:
        raise NotEditableError("does not come back byte for byte from the parser")
    return source


def check_compiles(module: cst.Module) -> None:
    """An edit that does not parse again is our fault, and must not be written."""
    try:
        cst.parse_module(module.code)
    except cst.ParserSyntaxError as error:
        raise NotEditableError(f"the edit would not compile: {error}") from error
