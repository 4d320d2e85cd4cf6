"""The floors of the house: cli -> server -> handlers -> sunshine -> models, and nothing upwards."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP = ("cli.py", "server.py")
PACKAGES = ("handlers", "models", "sunshine")
OURS = {"cli", "server", "handlers", "models", "sunshine", "tests", "benchmarks", "migrations"}
# What each floor may stand on, the most particular folder first.
MAY_IMPORT = {
    "models": {"models"},
    "sunshine/schemas": {"models", "sunshine.schemas", "sunshine.core.principals"},
    "sunshine/rules": {"models", "sunshine"},
    "sunshine/web": {"models", "sunshine"},
    "sunshine": {"models", "sunshine"},
    "handlers": {"handlers", "sunshine"},
    "server.py": {"handlers", "models", "sunshine"},
    "cli.py": {"server", "sunshine"},
}
NEVER = {
    "sunshine/rules": {
        "sunshine.web", "sunshine.commands", "sunshine.jobs.runner", "sunshine.modules.registry",
    },
    "sunshine/web": {"sunshine.rules", "sunshine.commands"},
    "sunshine": {"sunshine.commands"},
    "handlers": {"sunshine.commands"},
    "server.py": {"sunshine.commands"},
}  # fmt: skip
LINES = {"handlers": 200, "sunshine/rules": 300}


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Every module of the product: its path from the root, its floor, its tree."""
    files = [ROOT / name for name in TOP]
    files += [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        floor = next(floor for floor in MAY_IMPORT if f"{name}/".startswith(f"{floor}/"))
        yield name, floor, ast.parse(file.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """The modules of ours that a module imports, wherever it does; `from a import b` gives a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in OURS)


def within(name: str, packages: set[str]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def test_it_imports_downwards_only() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, floor, tree in modules()
        for imported in imports(tree)
        if not within(imported, MAY_IMPORT[floor])
        or (within(imported, NEVER.get(floor, set())) and not name.startswith("sunshine/commands"))
    ]
    assert not wrong


def test_it_keeps_http_out_of_the_rules() -> None:
    wrong = [
        name
        for name, floor, tree in modules()
        if floor in ("models", "sunshine/rules", "sunshine/schemas")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and "tornado" in ast.unparse(node)
    ]
    assert not wrong


def test_it_has_small_files() -> None:
    sizes = {
        name: len((ROOT / name).read_text(encoding="utf-8").splitlines())
        for name, floor, _ in modules()
        if floor in LINES
    }
    limits = {name: LINES[name.rpartition("/")[0]] for name in sizes}
    assert {name: size for name, size in sizes.items() if size >= limits[name]} == {}


def test_it_says_in_each_module_what_it_is_for() -> None:
    assert [name for name, _, tree in modules() if not ast.get_docstring(tree)] == []


def test_it_has_no_drawer_for_odds_and_ends() -> None:
    words = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
    assert [name for name, _, _ in modules() if words & set(Path(name).with_suffix("").parts)] == []


def test_it_names_a_module_alike_on_every_floor() -> None:
    handled = {path.stem for path in (ROOT / "handlers").glob("*.py")}
    # Files, sockets and the description are the kernel's; live gives paths to what modules tell.
    handled -= {"__init__", "home", "docs", "files", "live"}
    ruled = {path.stem for path in (ROOT / "sunshine/rules").glob("*.py")}
    assert handled <= ruled
