"""The rooms of the house and the arrows between them: cli -> server -> handlers -> sunshine.

Inside sunshine: core <- database <- identity, files, live, jobs <- modules, web <- handlers. The
picture: docs/architecture.md.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP = ("cli.py", "server.py")
PACKAGES = ("handlers", "models", "sunshine")
OURS = {"cli", "server", "handlers", "models", "sunshine", "tests", "benchmarks", "migrations"}
KERNEL = {
    "models", "core", "database", "identity", "files", "live", "jobs", "formats", "operations",
}  # fmt: skip
# Which rooms each room may import besides itself. `sunshine` alone is its version.
MAY_IMPORT = {
    "models": set(),
    "core": set(),
    "database": {"models", "core", "sunshine"},
    "identity": {"models", "core", "database"},
    "files": {"models", "core", "database", "identity"},
    "live": {"models", "core", "database", "identity"},
    "jobs": {"models", "core", "database"},
    "formats": {"core"},
    "backups": {"models", "core", "database", "files", "sunshine"},
    "operations": KERNEL - {"formats"} | {"backups", "sunshine"},
    "modules": KERNEL - {"operations"},
    "web": KERNEL | {"sunshine"},
    "doctor": KERNEL | {"backups", "modules", "sunshine"},
    "handlers": KERNEL | {"modules", "web"},
    "commands": KERNEL | {"backups", "doctor", "modules", "sunshine", "web", "server"},
    "server": KERNEL | {"backups", "handlers", "modules", "web", "sunshine"},
    "launcher": {"cli"},
    "cli": {"commands", "server", "web", "sunshine"},
}
# What a module imports of another one. It writes its own tables only, through the other's verbs.
BETWEEN_MODULES = {
    "attendance": {"employees"},  # the employee lock; locations are where somebody is placed
    "employees": {"assets", "branding_approval", "users"},  # what ends with an employment
    "fleet": {"users"},  # the payload of signing in
    # A day of leave is one of attendance; holidays stop the clocks of tickets.
    "leave": {"attendance", "employees", "tickets"},
    "permit": {"attendance", "employees"},
}
MOST_FILES = 20
MANY_FILES = {"models", "sunshine/commands"}
MOST_LINES = {"handlers": 200, "modules": 300}


@cache
def modules() -> dict[str, tuple[str, ast.Module]]:
    """Every module of the product by its dotted name: its path from the root, its tree."""
    files = [ROOT / name for name in TOP]
    files += [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    found = {}
    for file in files:
        path = file.relative_to(ROOT).as_posix()
        name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        found[name] = (path, ast.parse(file.read_text(encoding="utf-8")))
    return found


def room(name: str) -> str:
    """core for sunshine.core.json, handlers for handlers.leave.requests."""
    parts = name.split(".")
    return parts[1] if parts[0] == "sunshine" and len(parts) > 1 else parts[0]


def domain(name: str) -> str | None:
    """leave for sunshine.modules.leave.days; None for what all modules share."""
    parts = name.split(".")
    is_module = parts[:2] == ["sunshine", "modules"] and len(parts) > 2
    folder = ROOT.joinpath(*parts[:3])
    return parts[2] if is_module and folder.is_dir() else None


def imports(tree: ast.Module) -> Iterator[str]:
    """The modules of ours that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in OURS:
                yield name if name in modules() else name.rpartition(".")[0] or name


@cache
def arrows() -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, imported)
        for name, (_, tree) in modules().items()
        for imported in imports(tree)
        if imported != name
    )


def test_it_imports_downwards_only() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, imported in arrows()
        if room(imported) != room(name) and room(imported) not in MAY_IMPORT[room(name)]
    ]
    assert not wrong


def test_modules_import_of_each_other_what_is_declared() -> None:
    found: dict[str, set[str]] = {}
    for name, imported in arrows():
        mine, other = domain(name), domain(imported)
        if mine and other and mine != other:
            found.setdefault(mine, set()).add(other)
    assert found == BETWEEN_MODULES


def test_a_module_knows_nothing_of_what_is_above_it() -> None:
    """Of all modules it may import what they share, and not the list of them all."""
    shared = {"sunshine.modules.scope", "sunshine.modules.open_requests"}
    wrong = [
        f"{name} imports {imported}"
        for name, imported in arrows()
        if domain(name) and room(imported) == "modules" and not domain(imported)
        if imported not in shared
    ]
    assert not wrong


def test_no_module_needs_itself() -> None:
    """No circle, for the sake of types neither."""
    below = {name: {other for mine, other in arrows() if mine == name} for name in modules()}
    while free := {name for name, needed in below.items() if not needed & below.keys()}:
        below = {name: needed for name, needed in below.items() if name not in free}
    while top := below.keys() - set().union(*below.values()):  # needs a circle, is in none
        below = {name: needed for name, needed in below.items() if name not in top}
    assert sorted(below) == []


def test_it_keeps_http_out_of_the_rules() -> None:
    wrong = [
        name
        for name, (_, tree) in modules().items()
        if room(name) in ("models", "modules", "core")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and "tornado" in ast.unparse(node)
    ]
    assert not wrong


def test_it_has_small_files() -> None:
    sizes = {
        path: len((ROOT / path).read_text(encoding="utf-8").splitlines())
        for name, (path, _) in modules().items()
        if room(name) in MOST_LINES
    }
    limit = {path: MOST_LINES["handlers" if path[0] == "h" else "modules"] for path in sizes}
    assert {path: size for path, size in sizes.items() if size >= limit[path]} == {}


def test_it_has_folders_that_are_read_at_a_glance() -> None:
    folders = {file.parent for package in PACKAGES for file in (ROOT / package).rglob("*.py")}
    counts = {f.relative_to(ROOT).as_posix(): len(list(f.glob("*.py"))) - 1 for f in folders}
    many = {name for name, count in counts.items() if count > MOST_FILES}
    assert many <= MANY_FILES


def test_every_room_and_module_has_a_table_of_contents() -> None:
    """The `__init__` of a folder names each of its files."""
    wrong = []
    for folder in ("benchmarks", "sunshine/*", "sunshine/modules/*"):
        for start in sorted(ROOT.glob(f"{folder}/__init__.py")):
            contents = ast.get_docstring(ast.parse(start.read_text(encoding="utf-8"))) or ""
            files = {file.stem for file in start.parent.glob("*.py")} - {"__init__"}
            missing = {file for file in files if f"{file}.py" not in contents.split()}
            wrong += [f"{start.parent.name}/{file}.py" for file in sorted(missing)]
    assert wrong == []


def test_it_says_in_each_module_what_it_is_for() -> None:
    assert [path for path, tree in modules().values() if not ast.get_docstring(tree)] == []


def test_it_has_no_drawer_for_odds_and_ends() -> None:
    words = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
    assert [name for name in modules() if words & set(name.split("."))] == []


def test_it_names_a_domain_alike_on_every_floor() -> None:
    handled = {file.stem for file in (ROOT / "handlers").iterdir() if file.stem[0] != "_"}
    # Files, sockets and the description are the kernel's; live gives paths to what modules tell.
    handled -= {"home", "docs", "files", "live"}
    assert handled == {file.parent.name for file in ROOT.glob("sunshine/modules/*/__init__.py")}
