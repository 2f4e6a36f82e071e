"""Run every `>>>` example of the three packages."""

import doctest
import importlib
import pkgutil

import pytest

PACKAGES = ("vsumm", "mmva_core", "eval")


def modules():
    for package in PACKAGES:
        root = importlib.import_module(package)
        yield package
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                yield module.name


@pytest.mark.parametrize("name", list(modules()))
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
