"""config/: what is written there fits the program. What needs other programs: tests/system."""

import configparser as units
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import main
from sunshine.backups.watch import Standing
from sunshine.commands.lazy import LazyGroup
from sunshine.core.variables import DATABASE_KEYS, VARIABLES
from tests.api import Api
from tests.pages import blocks

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
METRIC = re.compile(r"\b(?:sunshine|process)_[a-z_]+\b")


def text(name: str) -> str:
    return (CONFIG / name).read_text(encoding="utf-8")


def expressions() -> list[str]:
    """What the dashboard draws and what the alerts look at."""
    board = json.loads(text("grafana.json"))
    rules = yaml.safe_load(text("prometheus-alerts.yml"))
    drawn = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    drawn += [each["expr"] for each in board["annotations"]["list"]]
    return drawn + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


async def test_dashboard_and_alerts_look_at_what_there_is(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.get("/api/employees", as_="admin")
    monkeypatch.setattr(api.app.backups, "standing", Standing())
    said = (await api.get("/metrics")).body.decode()
    known = set(re.findall(r"^([a-z_]+)", said, re.MULTILINE))
    known |= {f"{name}{ending}" for name in re.findall(r"^# TYPE (\S+) ", said, re.MULTILINE)
              for ending in ("", "_total")}  # fmt: skip
    labels = set(re.findall(r'[{,]([a-z]+)="', said)) | {"instance", "job", "channel", "outcome"}
    for expression in expressions():
        assert METRIC.findall(expression) or "up{" in expression
        assert set(METRIC.findall(expression)) <= known, expression
        for group in re.findall(r"\bby \(([a-z, ]+)\)", expression):
            assert set(group.split(", ")) <= labels, expression


async def test_the_dashboard_shows_every_metric_of_ours(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.app.backups, "standing", Standing())
    await api.app.application.metrics.look()
    everything = " ".join(expressions())
    said = api.app.application.metrics.render().decode()
    ours = re.findall(r"^# TYPE (sunshine_\S+) ", said, re.MULTILINE)
    unseen = {name for name in ours if name.removesuffix("_total") not in everything}
    assert unseen <= {"sunshine_info", "sunshine_pool_max"}


def options_of(command: str) -> set[str]:
    group = main
    assert isinstance(group, LazyGroup)
    found: Any = group
    for word in command.split():
        found = found.get_command(None, word)
        assert found, f"there is no {command}"
    return {option for parameter in found.params for option in parameter.opts}


@pytest.mark.parametrize("name", ["systemd/sunshine@.service", "supervisord.conf", "Dockerfile"])
def test_servers_are_started_with_options_that_exist(name: str) -> None:
    [started] = re.findall(r'sunshine(?:", ")? ?serve"?\]?(.*)', text(name))
    assert set(re.findall(r"--[a-z-]+", started)) <= options_of("serve")


UNITS = sorted((CONFIG / "systemd").iterdir())


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_no_unit_ever_gives_up(file: Path) -> None:
    unit = units.ConfigParser(strict=False, interpolation=None)
    unit.read(file)
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    if "Socket" in unit:  # systemd would close one whose service fails for long
        assert unit["Socket"]["TriggerLimitIntervalSec"] == "0"
    if "Service" in unit and unit["Service"]["Type"] != "oneshot":  # those are the timer's
        assert unit["Service"]["Restart"] == "always"
        assert int(unit["Service"]["RestartSec"]) > 0


def test_the_waits_of_a_start_fit_into_those_of_its_keepers() -> None:
    unit = units.ConfigParser(strict=False, interpolation=None)
    unit.read(CONFIG / "systemd/sunshine@.service")
    minutes = unit["Service"]["TimeoutStartSec"]
    assert minutes.endswith("min")
    wait = int(VARIABLES["PG_WAIT_SECONDS"]["default"])
    assert 60 * int(minutes.removesuffix("min")) > 2 * wait
    supervised = units.ConfigParser(interpolation=None)
    supervised.read(CONFIG / "supervisord.conf")
    program = supervised["fcgi-program:sunshine"]
    assert program["autorestart"] == "true"
    # One that waited counts as started, and is started again however often; for all others
    # supervisord counts.
    assert int(program["startsecs"]) < wait
    assert int(program["startretries"]) >= 1_000_000


def test_compose_knows_its_variables() -> None:
    services = yaml.safe_load(text("compose.yaml"))["services"]
    assert set(services["sunshine"]["environment"]) <= VARIABLES.keys()
    named = set(re.findall(r"\$\{([A-Z_]+)", text("compose.yaml")))
    assert named <= VARIABLES.keys()
    build = services["sunshine"]["build"]
    assert (CONFIG / build["context"] / build["dockerfile"]).resolve() == CONFIG / "Dockerfile"


def test_the_image_gets_what_the_wheel_is_built_from() -> None:
    kept = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for name in kept:
        assert (ROOT / name).exists(), name
    assert {"cli.py", "server.py", "setup.py", "pyproject.toml", "README.md", "sunshine",
            "handlers", "models", "config", "migrations"} <= set(kept)  # fmt: skip


def test_the_workflows_run_all_that_everybody_runs() -> None:
    """On several machines, which together run what `.ci/run` does on one."""
    [job] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()
    assert any(
        step.get("run", "").endswith(".ci/run ${{ matrix.part }}\n") for step in job["steps"]
    )
    parts = job["strategy"]["matrix"]["part"]
    shards = [f"shard {number}/4" for number in (1, 2, 3, 4)]
    assert parts == ["style", *shards, "system"]
    gitlab = yaml.safe_load(text("gitlab-ci.yml"))
    for name in ("style", "system"):
        assert gitlab[name]["script"] == f".ci/run {name}"
    assert gitlab["shard"]["script"] == '.ci/run shard "$CI_NODE_INDEX/$CI_NODE_TOTAL"'
    assert gitlab["shard"]["parallel"] == len(shards)
    program = (ROOT / ".ci/run").read_text()
    assert set(re.findall(r'\[ "\$part" = (\w+) \]', program)) == {
        "all",
        "style",
        "shard",
        "system",
    }
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_a_word_that_ci_does_not_know_is_told_what_it_does() -> None:
    for words in (["nonsense"], ["shard"]):
        done = subprocess.run([ROOT / ".ci/run", *words], capture_output=True, text=True)
        assert (done.returncode != 0, done.stdout) == (True, "")
        assert ".ci/run shard K/N" in done.stderr


def test_nginx_answers_in_the_one_error_shape() -> None:
    bodies = re.findall(r"return (\d{3}) '(\{.*\})';", text("nginx.conf"))
    assert len(bodies) == 4
    for _, body in bodies:
        answer = json.loads(body)
        assert answer.keys() == {"success", "message", "errors", "code"}
        assert answer["success"] is False


@pytest.mark.parametrize("name", sorted(path.name for path in (CONFIG / "systemd").iterdir()))
def test_every_unit_says_so_when_it_fails(name: str) -> None:
    told = re.findall(r"^OnFailure=(.*)$", text(f"systemd/{name}"), re.MULTILINE)
    # The one that tells cannot be told of by itself.
    assert told == ([] if name == "sunshine-failure@.service" else ["sunshine-failure@%n.service"])


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., tuple[int, dict[str, str]]]:
    """Runs config/tell-failure where systemctl, logger and sendmail only write down what they get:
    its exit code, and what each got."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, code in (("systemctl", 3), ("logger", 0), ("sendmail", 0), ("alert", 0)):
        (programs / name).write_text(
            f'#!/bin/sh\necho "$@" >"{tmp_path}/{name}"\n'
            + ("echo 'sunshine: no room'\n" if name == "systemctl" else
               f'[ {name} = logger ] || cat >>"{tmp_path}/{name}"\n')
            + f"exit {code}\n"
        )  # fmt: skip
        (programs / name).chmod(0o755)

    def run(unit: str, **environment: str) -> tuple[int, dict[str, str]]:
        done = subprocess.run(
            [CONFIG / "tell-failure", unit], capture_output=True, text=True,
            env={"PATH": f"{programs}:/usr/bin:/bin"} | environment,
        )  # fmt: skip
        got = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
        return done.returncode, got

    return run


def test_a_unit_that_fails_is_told_of(told: Callable[..., tuple[int, dict[str, str]]]) -> None:
    unit = "sunshine-backup.service"
    code, got = told(unit)
    assert code == 0
    assert got["systemctl"].endswith(f"-- {unit}\n")
    assert "daemon.err" in got["logger"]
    assert f"{unit} has failed" in got["logger"]
    assert got.keys() == {"systemctl", "logger"}
    code, got = told(unit, MAILTO="admin@example.com", ALERT_COMMAND="alert")
    assert code == 0
    assert got["sendmail"].startswith("-t\nTo: admin@example.com\nSubject: ")
    assert "sunshine: no room" in got["sendmail"]
    assert got["alert"] == f"{unit}\nsunshine: no room\n"
    assert told(unit, ALERT_COMMAND="/nowhere")[0] == 1  # which is the unit's own failure


def test_backups_go_where_the_guide_has_the_server_look() -> None:
    [made] = re.findall(r"backup create --to (\S+)", text("systemd/sunshine-backup.service"))
    assert f"\nBACKUP_DIR={made}\n" in GUIDE


def test_alerts_say_what_to_do() -> None:
    for group in yaml.safe_load(text("prometheus-alerts.yml"))["groups"]:
        for rule in group["rules"]:
            assert rule["for"]
            assert rule["annotations"]["summary"]
            assert rule["labels"]["severity"] in ("page", "ticket")
    assert yaml.safe_load(text("prometheus.yml"))["rule_files"] == ["prometheus-alerts.yml"]


# ---- docs/deployment.md ------------------------------------------------------------------------

GUIDE = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
BLOCKS = blocks("docs/deployment.md")
# Who or what a block needs: nothing, root, and what not every machine has.
KINDS = {"", "root", "machine", "docker", "backup", "verify"}
CHAPTERS = (
    "Prerequisites", "Server requirements", "Pre-deployment checklist", "Deployment methods",
    "Production configuration", "Database setup", "Environment variables", "Running in production",
    "Reverse proxy setup", "SSL/TLS configuration", "Monitoring", "Backup strategy",
    "Troubleshooting", "Rollback procedures", "Performance tuning",
    "Post-deployment verification",
)  # fmt: skip


def test_the_guide_has_the_originals_chapters_in_their_order() -> None:
    assert tuple(re.findall(r"^## (.+)$", GUIDE, re.MULTILINE)) == CHAPTERS


def test_its_links_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    for link in re.findall(r"\]\(([^)]+)\)", GUIDE):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith("http"):
            assert (ROOT / "docs" / link.partition("#")[0]).exists(), link


def test_its_commands_are_there() -> None:
    assert {kind for kind, _ in BLOCKS} == KINDS
    shown = "\n".join(text for _, text in BLOCKS)
    commands = re.findall(r"sunshine ((?:backup|db|users|config|jobs) [a-z]+|version)(.*)", shown)
    assert len(commands) > 5
    for command, rest in commands:
        assert set(re.findall(r"--[a-z-]+", rest)) <= options_of(command), command


def test_its_variables_are_there() -> None:
    named = set(re.findall(r"^([A-Z][A-Z_]+)=", "".join(text for _, text in BLOCKS), re.MULTILINE))
    assert named - {"PASSWORD"} <= VARIABLES.keys()
    for name in re.findall(r"`([A-Z][A-Z_]{4,})(?:=[^`]*)?`", GUIDE):
        assert name in VARIABLES or name.removesuffix("_FILE") in VARIABLES or name in (
            "READY", "OWNER", "PGSSLMODE", *DATABASE_KEYS  # of systemd, of SQL, of libpq
        ), name  # fmt: skip


def test_its_shell_is_shell() -> None:
    for kind, text in BLOCKS:
        filled = re.sub(r"<[a-z -]+>", "x", text)
        done = subprocess.run(["sh", "-n"], input=filled, capture_output=True, text=True)
        assert done.returncode == 0, (kind, text, done.stderr)
