"""A call is laid out by what stands before it on its line as well."""

from __future__ import annotations

import libcst as cst
import pytest

from migrator.rewrite.arguments import LINE_LENGTH, fitted

FULL = f"call({'x' * (LINE_LENGTH - 9)}, y)"


@pytest.mark.parametrize(("before", "lines"), [(0, 1), (1, 4)])
def test_a_call_stays_on_its_line_where_it_fits(before, lines):
    assert len(FULL) == LINE_LENGTH
    made = cst.Module([]).code_for_node(fitted(cst.parse_expression(FULL), before))
    assert len(made.splitlines()) == lines
