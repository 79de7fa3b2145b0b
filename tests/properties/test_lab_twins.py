"""A lab in Python and the same lab in C have one history."""

from __future__ import annotations

import pytest
from hypothesis import event, given, settings
from support.virtual.labs import Plan, labs, outcome

HOW = ("plain", "recorded", "watched", "leaping")


@pytest.mark.parametrize("how", HOW)
@settings(max_examples=max(6, settings.default.max_examples // 3))
@given(labs())
def test_a_lab_in_c_has_the_results_of_the_reference(how: str, plan: Plan) -> None:
    """Digest, counts, latencies, records, hooks and errors are equal, for any topology."""
    wanted = outcome(plan, "reference", how)
    event(f"error: {wanted['error'] is not None}")
    event(f"frames: {wanted['count'] > 20}")
    found = outcome(plan, "native", how)
    for name, value in wanted.items():
        assert found[name] == value, name
