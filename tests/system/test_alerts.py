"""config/prometheus-alerts.yml as Prometheus itself reads it: alerts.yml has nights, and what it
says of each."""

import subprocess
from pathlib import Path

from tests.system.machine import CONFIG

RULES = CONFIG / "prometheus-alerts.yml"
NIGHTS = Path(__file__).with_name("alerts.yml")


def promtool(*arguments: object) -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules_and_the_configuration() -> None:
    promtool("check", "rules", RULES)
    promtool("check", "config", CONFIG / "prometheus.yml")


def test_alerts_come_when_they_should_and_not_before(tmp_path: Path) -> None:
    file = tmp_path / "nights.yml"
    file.write_text(NIGHTS.read_text().replace("RULES", str(RULES)))
    promtool("test", "rules", file)
