"""The selection methods (PROTOCOL §4). Each is one file in this folder with a `METHOD`, and is found by being there."""

from importlib import import_module
from pkgutil import iter_modules

from protocol.methods.base import Method


def _found() -> dict[str, Method]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name != "base")
    methods: list[Method] = [import_module(f"{__name__}.{name}").METHOD for name in names]
    return {method.code: method for method in methods}


METHODS: dict[str, Method] = _found()
"""Every method by its code."""
