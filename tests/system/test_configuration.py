"""config/ as the programs read it that it is for. What needs none of them: tests/kernel."""

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from sunshine import __version__
from tests.processes import CHECKOUT
from tests.system.machine import CONFIG


def run(*command: object, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, cwd=cwd)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, their program being the one of this checkout."""
    for file in (CONFIG / "systemd").iterdir():
        text = file.read_text().replace("/opt/sunshine/bin/sunshine", f'"{CHECKOUT}/bin/sunshine"')
        text = text.replace("/opt/sunshine/config/tell-failure", f"{CONFIG}/tell-failure")
        (tmp_path / file.name.replace("@", "@3601")).write_text(text.replace("@%i", "@3601"))
    return tmp_path


def test_systemd_finds_no_fault(units: Path) -> None:
    files = sorted(units.iterdir())
    assert len(files) == 5
    checked = run("systemd-analyze", "verify", "--man=no", *files)
    faults = [line for line in checked.stderr.splitlines() if "sunshine" in line]
    # Debian 12's systemd knows nothing of the user and the folder of a machine that is not set up.
    assert [line for line in faults if "User" not in line] == []


@pytest.mark.parametrize(
    ("unit", "most"), [("sunshine@3601.service", 2.0), ("sunshine-backup.service", 4.0)]
)
def test_services_may_do_little(units: Path, unit: str, most: float) -> None:
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", units / unit).stdout
    level = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert level
    assert float(level[1]) <= most


def test_logrotate_reads_its_file(tmp_path: Path) -> None:
    text = (CONFIG / "logrotate.conf").read_text()
    mine = tmp_path / "logrotate.conf"
    mine.write_text(
        text.replace("/var/log/sunshine", str(tmp_path)).replace(
            "su sunshine sunshine", "su root root"
        )
    )
    mine.chmod(0o644)
    log = tmp_path / "sunshine.log"
    log.write_text("a line\n")
    with log.open("a") as held:
        done = run("logrotate", "--force", "--state", tmp_path / "state", mine)
        assert done.returncode == 0, done.stderr
        held.write("another\n")
    assert log.read_text() == "another\n"
    assert (tmp_path / "sunshine.log.1").read_text() == "a line\n"


def test_the_image_can_be_built_and_says_its_version(tmp_path: Path) -> None:
    """No Docker here: the copied files and the commands of its first stage, in a folder."""
    source = tmp_path / "src"
    kept = re.findall(r"^!(\S+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE)
    source.mkdir()
    for name in kept:
        run("cp", "-r", CHECKOUT / name, source)
    dockerfile = (CONFIG / "Dockerfile").read_text()
    [install] = re.findall(r"^RUN /opt/sunshine/bin/pip (install .*)$", dockerfile, re.MULTILINE)
    venv.create(tmp_path / "venv", with_pip=True)
    words = [word.strip('"') for word in install.split()]
    done = run(tmp_path / "venv/bin/pip", *words, cwd=source)
    assert done.returncode == 0, done.stderr[-2000:]
    said = run(tmp_path / "venv/bin/sunshine", "version", cwd=tmp_path)
    assert f"sunshine\t{__version__}" in said.stdout
    check = re.search(r'HEALTHCHECK .*\\\n +CMD \["python", "-c", "(.*)"\]', dockerfile)
    assert check
    assert run(sys.executable, "-c", check[1].replace("3601", "1")).returncode == 1
    compile(check[1], "HEALTHCHECK", "exec")
