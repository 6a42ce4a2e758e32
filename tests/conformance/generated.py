"""What copies of generated modules leave behind in the process of the tests."""

from __future__ import annotations

from prometheus_client import REGISTRY


def forget_metrics():
    """Another test may have imported another copy of the module in this process."""
    for collector, names in list(REGISTRY._collector_to_names.items()):
        if any(name.startswith("light_") for name in names):
            REGISTRY.unregister(collector)
