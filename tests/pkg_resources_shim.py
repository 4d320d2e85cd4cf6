"""The two names that pytest-tornado 0.8.1 takes from pkg_resources, which setuptools 82 dropped."""

import sys
from types import ModuleType

from packaging.version import Version


def install() -> None:
    """Let `import pkg_resources` find them."""
    module = ModuleType("pkg_resources")
    module.parse_version = Version  # type: ignore[attr-defined]
    sys.modules.setdefault("pkg_resources", module)
