"""Public names that are imported when first used, listed once, in the stub file of each module.

`import tabular_trpo` would otherwise take several times as long as numpy and scipy.sparse do.  The
listing is a `.pyi` file with lines `from MODULE import NAME as NAME`, which type checkers read as
well (Scientific Python, SPEC 1).
"""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import get_data
from typing import Any
from warnings import warn

from tabular_trpo._renames import RENAMED


def attach(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` of a module from the stub file beside it.

    >>> get, names, everything = attach("tabular_trpo.policies")
    >>> get("uniform").__name__, "uniform" in names()
    ('uniform', True)
    """
    module = sys.modules[package]
    parent = package if hasattr(module, "__path__") else package.rpartition(".")[0]
    stub = (get_data(parent, f"{Path(module.__file__ or '').stem}.pyi") or b"").decode()
    imports = (node for node in ast.parse(stub).body if isinstance(node, ast.ImportFrom))
    homes = {alias.name: node.module or "" for node in imports for alias in node.names}
    renamed = RENAMED.get(package, {})

    def get(name: str) -> Any:
        if name in renamed:
            new = renamed[name]
            warn(f"{package}.{name} is now {package}.{new}", DeprecationWarning, stacklevel=2)
            return getattr(module, new)
        if name not in homes:
            text = f"module '{package}' has no attribute '{name}'"
            raise AttributeError(text, name=name, obj=module)
        home = homes[name]
        inside = home == package
        value = import_module(f"{home}.{name}") if inside else getattr(import_module(home), name)
        setattr(module, name, value)
        return value

    return get, lambda: sorted(homes), sorted(homes)
