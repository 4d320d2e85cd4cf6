"""bin/sunshine and bin/bootstrap.py, on a small checkout whose uv is a script of ours."""

import importlib.util
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "bin"
BASE = getattr(sys, "_base_executable", sys.executable)

PYPROJECT = """
[project]
name = "small"
dependencies = [{run}]
[project.optional-dependencies]
dev = [{dev}]
"""

UV = """#!/bin/sh
echo "$@" >>"$UV_LOG"
case $1 in
    venv)
        for last; do :; done
        exec '{base}' -m venv --without-pip "$last"
        ;;
    pip)
        [ ! -e "$UV_LOG.hangs" ] || exec sleep 60
        [ ! -e "$UV_LOG.fails" ] || exit 1
        ;;
esac
"""


class Checkout:
    """A copy of bin/ with a cli.py and a pytest that print what they are given."""

    def __init__(self, root: Path, tools: Path) -> None:
        self.root, self.tools, self.log = root, tools, tools / "uv.log"
        root.mkdir(parents=True)
        shutil.copytree(BIN, root / "bin", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "cli.py").write_text("import sys\nprint('cli', sys.argv[1:])\n")
        (root / "pytest.py").write_text(
            "import os, sys\nprint('pytest', os.getcwd(), sys.argv[1:])\n"
        )
        self.depend()
        tools.mkdir()
        for name in ("sh", "readlink", "dirname", "cmp", "sleep", "date"):
            (tools / name).symlink_to(str(shutil.which(name)))
        self.tool("python3", f"#!/bin/sh\nexec '{BASE}' \"$@\"\n")

    def tool(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def depend(self, *run: str, dev: tuple[str, ...] = ()) -> None:
        text = PYPROJECT.format(run=", ".join(map(repr, run)), dev=", ".join(map(repr, dev)))
        (self.root / "pyproject.toml").write_text(text)

    def begin(self, *words: str, program: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [program or self.root / "bin/sunshine", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PATH": str(self.tools), "UV_LOG": str(self.log)},
            start_new_session=True,
        )

    def run(self, *words: str, program: Path | None = None) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        process = self.begin(*words, program=program)
        out, err = process.communicate()
        return process.returncode, out, err

    def installs(self) -> list[str]:
        """What uv was told to install, one line each."""
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        marker = f"--python {self.root}/.venv/bin/python"
        return [call.partition(marker)[2].strip() for call in calls if call.startswith("pip")]


@pytest.fixture
def bare(tmp_path):
    """No uv."""
    return Checkout(tmp_path / "a check out", tmp_path / "tools")


@pytest.fixture
def checkout(bare):
    bare.tool("uv", UV.format(base=BASE))
    return bare


def hide(checkout, module):
    """Make a Python that lacks a module, as Debian's lacks ensurepip."""
    (checkout.tools / "sitecustomize.py").write_text(
        f"import sys\nsys.modules['{module}'] = None\n"
    )
    hiding = f"#!/bin/sh\nexport PYTHONPATH='{checkout.tools}'\nexec '{BASE}' \"$@\"\n"
    checkout.tool("python3", hiding)


def test_it_makes_the_venv_and_hands_over(checkout):
    code, out, err = checkout.run("users", "a b", "")
    assert (code, out) == (0, "cli ['users', 'a b', '']\n")
    assert "installing into" in err
    assert checkout.run("x") == (0, "cli ['x']\n", "")


def test_once_made_it_starts_no_other_python(checkout):
    checkout.run()
    (checkout.root / "bin/bootstrap.py").write_text("raise SystemExit('started')")
    checkout.tool("python3", "#!/bin/sh\nexit 1\n")
    before = time.monotonic()
    assert checkout.run() == (0, "cli []\n", "")
    assert time.monotonic() - before < 0.3


def test_it_works_through_links(checkout, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    absolute = tmp_path / "elsewhere" / "sun"
    absolute.symlink_to(checkout.root / "bin/sunshine")
    relative = tmp_path / "sunny"
    relative.symlink_to("elsewhere/sun")
    for program in (absolute, relative):
        assert checkout.run("x", program=program)[:2] == (0, "cli ['x']\n")


def test_the_exit_code_is_that_of_the_program(checkout):
    (checkout.root / "cli.py").write_text("raise SystemExit(78)")
    assert checkout.run()[0] == 78


def test_it_hands_test_to_pytest_in_the_checkout(checkout):
    root = str(checkout.root)
    assert checkout.run("test", "-k", "a b")[:2] == (0, f"pytest {root} ['-k', 'a b']\n")
    workers = "'-n', 'auto', '--maxprocesses=4'"
    assert checkout.run("test")[1] == f"pytest {root} [{workers}, '--dist=worksteal']\n"
    assert checkout.run("test", "--system", "-x")[1] == f"pytest {root} ['tests/system', '-x']\n"
    system = f"pytest {root} ['tests/system', {workers}, '--dist=loadfile']\n"
    assert checkout.run("test", "--system")[1] == system
    shard = f"pytest {root} ['--shard=2/4', {workers}, '--dist=worksteal']\n"
    assert checkout.run("test", "--shard=2/4")[1] == shard
    shuffled = f"'-p', 'randomly', '--randomly-seed=7', '--randomly-dont-reset-seed', {workers}"
    found = checkout.run("test", "--shuffle=7")
    assert found[1] == f"pytest {root} [{shuffled}, '--dist=worksteal']\n"
    assert "--shuffle=7" in found[2]
    _, out, said = checkout.run("test", "--shuffle", "tests/leave")
    seed = re.search(r"--shuffle=(\d+)", said)
    assert seed
    assert f"--randomly-seed={seed[1]}" in out
    assert out.endswith("'tests/leave']\n")


def test_only_test_installs_what_tests_need(checkout):
    checkout.depend("one", "two", dev=("three",))
    checkout.run()
    assert checkout.installs() == ["one two"]
    checkout.run("test")
    checkout.run("test")
    checkout.run()
    assert checkout.installs() == ["one two", "one two three"]


def test_changed_dependencies_are_installed_and_other_changes_are_not(checkout):
    checkout.depend("one")
    checkout.run()
    checkout.depend("one", "two>=2")
    assert checkout.run()[:2] == (0, "cli []\n")
    assert checkout.installs() == ["one", "one two>=2"]
    with (checkout.root / "pyproject.toml").open("a") as file:
        file.write("[tool.ruff]\n")
    assert checkout.run() == (0, "cli []\n", "")
    assert checkout.run() == (0, "cli []\n", "")
    assert len(checkout.installs()) == 2


def test_an_interrupted_install_is_made_anew_by_the_next_run(checkout):
    checkout.depend("one")
    hang = Path(f"{checkout.log}.hangs")
    hang.touch()
    first = checkout.begin()
    while not checkout.installs():
        assert first.poll() is None
        time.sleep(0.01)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    hang.unlink()
    torn = checkout.root / ".venv/lib/torn.py"
    torn.touch()
    assert checkout.run()[:2] == (0, "cli []\n")
    assert not torn.exists()
    assert checkout.installs() == ["one", "one"]
    assert checkout.run() == (0, "cli []\n", "")


def test_another_python_makes_it_anew(checkout):
    checkout.run()
    (checkout.root / ".venv/.sunshine/python").write_text("/usr/bin/python3.9\n")
    old = checkout.root / ".venv/lib/old.py"
    old.touch()
    assert checkout.run()[:2] == (0, "cli []\n")
    assert not old.exists()


def test_a_python_that_went_away_makes_it_anew(checkout):
    checkout.run()
    python = checkout.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert checkout.run()[:2] == (0, "cli []\n")


def test_a_venv_made_by_hand_is_kept(checkout):
    subprocess.run([BASE, "-m", "venv", "--without-pip", checkout.root / ".venv"], check=True)
    own = checkout.root / ".venv/lib/own.py"
    own.touch()
    checkout.depend("one")
    assert checkout.run()[:2] == (0, "cli []\n")
    assert own.exists()
    assert checkout.installs() == ["one"]


def test_a_failed_install_says_so_and_what_worked_still_works(checkout):
    checkout.run()
    checkout.depend(dev=("three",))
    checkout.run()
    Path(f"{checkout.log}.fails").touch()
    hide(checkout, "ensurepip")
    code, out, err = checkout.run("test")
    assert (code, out) == (1, "")
    assert "uv did not manage" in err
    checkout.run()
    assert checkout.run() == (0, "cli []\n", "")


def test_two_first_runs_at_once_make_it_once(checkout):
    both = [checkout.begin(str(n)) for n in range(2)]
    results = [process.communicate() for process in both]
    assert [out for out, _ in results] == ["cli ['0']\n", "cli ['1']\n"]
    said = "".join(err for _, err in results)
    assert said.count("installing into") == 1
    assert checkout.log.read_text().count("venv --quiet") == 1


def test_the_second_of_two_first_runs_says_that_it_waits(checkout):
    checkout.depend("one")
    hang = Path(f"{checkout.log}.hangs")
    hang.touch()
    first = checkout.begin()
    while not checkout.installs():
        time.sleep(0.01)
    second = checkout.begin()
    assert second.stderr is not None
    assert "waiting" in second.stderr.readline()
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    hang.unlink()
    out, _ = second.communicate()
    assert (second.returncode, out) == (0, "cli []\n")


@pytest.mark.skipif(importlib.util.find_spec("ensurepip") is None, reason="needs python3-venv")
def test_without_uv_it_uses_pip(bare, tmp_path):
    code, out, _ = bare.run("x")
    assert (code, out) == (0, "cli ['x']\n")
    bare.depend(f"small @ {(tmp_path / 'nowhere').as_uri()}")
    code, out, err = bare.run("x")
    assert (code, out) == (1, "")
    assert "the installation failed" in err
    bare.depend()
    assert bare.run("x") == (0, "cli ['x']\n", "")


PIP = """
import pathlib, sys, time
print("WARNING: Running pip as the 'root' user can result in broken permissions", flush=True)
for name in ("one", "two", "three"):
    print(f"Collecting {{name}}>=1", flush=True)
print("Installing collected packages: one, two, three", flush=True)
site = next(pathlib.Path(sys.prefix).glob("lib/python3*/site-packages"))
for name in ("one", "two"):
    (site / f"{{name}}-1.dist-info").mkdir(exist_ok=True)
time.sleep({seconds})
sys.exit({code})
"""


def pretend_pip(checkout: Checkout, code: int = 0, seconds: float = 0) -> None:
    """A virtual environment whose pip is a script of ours."""
    venv = checkout.root / ".venv"
    subprocess.run([BASE, "-m", "venv", "--without-pip", venv], check=True)
    [site] = venv.glob("lib/python3*/site-packages")
    (site / "pip").mkdir()
    (site / "pip/__main__.py").write_text(PIP.format(code=code, seconds=seconds))


def test_an_installation_tells_its_phases_and_nothing_of_pips(bare):
    pretend_pip(bare)
    bare.depend("one")
    code, out, err = bare.run("x")
    assert (code, out) == (0, "cli ['x']\n")
    assert err.splitlines() == [
        f"sunshine: installing into {bare.root}/.venv; this takes up to a minute, once",
        *[line for line in err.splitlines() if "only root will be able" in line],
        "sunshine: downloading packages",
        "sunshine: installing 3 packages",
    ]


def test_one_that_fails_shows_what_pip_said(bare):
    pretend_pip(bare, code=1)
    bare.depend("one")
    code, _, err = bare.run("x")
    assert code == 1
    assert "Collecting one>=1" in err
    assert "the installation failed" in err


def test_on_a_terminal_it_counts_the_packages(bare):
    pretend_pip(bare, seconds=3)
    bare.depend("one")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [bare.root / "bin/sunshine", "x"], stdout=subprocess.DEVNULL, stderr=theirs,
        env={"PATH": str(bare.tools), "UV_LOG": str(bare.log)},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    with suppress(OSError):  # the end of a terminal
        while some := os.read(ours, 4096):
            said += some
    os.close(ours)
    assert process.wait() == 0
    assert re.search(rb"installing 2/3 \(\d+ s\)", said), said


def somebody(user: str, checkout: Checkout) -> tuple[int, str, str]:
    """The same command by another user."""
    done = subprocess.run(
        [checkout.root / "bin/sunshine", "x"], capture_output=True, text=True, user=user,
        extra_groups=[], env={"PATH": str(checkout.tools), "UV_LOG": str(checkout.log)}, cwd="/",
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def roots():
    """A checkout of root's with an environment of the system's Python, where everybody may go."""
    if os.geteuid():
        pytest.skip("needs root, to become somebody else")
    with tempfile.TemporaryDirectory(prefix="sunshine ", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        checkout = Checkout(Path(folder) / "check out", Path(folder) / "tools")
        checkout.tool("python3", '#!/bin/sh\nexec /usr/bin/python3 "$@"\n')
        checkout.tool("uv", UV.format(base="/usr/bin/python3"))
        checkout.depend("one")
        assert checkout.run("x")[0] == 0
        yield checkout


def test_one_that_another_user_made_is_used_as_it_is(roots):
    assert somebody("nobody", roots) == (0, "cli ['x']\n", "")
    with (roots.root / "pyproject.toml").open("a") as file:
        file.write("[tool.ruff]\n")  # which only root could put on record
    assert somebody("nobody", roots) == (0, "cli ['x']\n", "")
    assert len(roots.installs()) == 1


def test_one_that_another_user_must_complete_is_one_clear_line(roots):
    roots.depend("one", "two")
    code, out, err = somebody("nobody", roots)
    assert (code, out) == (1, "")
    assert "belongs to root and lacks what" in err
    assert "let root run bin/sunshine version" in err
    assert err.count("\n") == 1


def test_a_python_that_the_user_cannot_reach_is_one_clear_line(roots, tmp_path):
    tmp_path.chmod(0o700)
    private = tmp_path / "python3"
    private.symlink_to("/usr/bin/python3")
    python = roots.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to(private)
    code, out, err = somebody("nobody", roots)
    assert (code, out) == (1, "")
    assert "was made by root and user nobody cannot run its Python" in err
    assert err.count("\n") == 1


def test_without_ensurepip_it_names_the_package_to_install(bare):
    hide(bare, "ensurepip")
    code, out, err = bare.run()
    assert (code, out) == (1, "")
    assert "apt install python3" in err
    assert "-venv" in err
    assert err.count("\n") == 1


def test_without_python_it_says_which_one_it_needs(bare):
    for refusal in ("#!/bin/sh\nexit 1\n", None):
        if refusal:
            bare.tool("python3", refusal)
        else:
            (bare.tools / "python3").unlink()
        code, out, err = bare.run()
        assert (code, out) == (1, "")
        assert "needs Python 3.11" in err
        assert err.count("\n") == 1


def test_a_checkout_that_cannot_be_written_is_one_clear_line(bare):
    (bare.root / ".venv").write_text("")
    code, out, err = bare.run()
    assert (code, out) == (1, "")
    assert err.startswith("sunshine: cannot prepare ")
    assert err.count("\n") == 1
