"""`sunshine sales`: what was sold."""

import json

import pytest


@pytest.fixture
def sold(sql):
    sql(
        "WITH e AS (INSERT INTO employee (name) VALUES ('Anna') RETURNING id)"
        " INSERT INTO sale (customer_id, sales_person_id, date, total)"
        " SELECT 1, id, day::date, 100 FROM e,"
        " generate_series(timestamp '2024-01-01', '2024-01-03', '1 day') day"
    )


def test_it_sums_up_a_period(sunshine, sold):
    done = sunshine("sales", "report", "--from", "2024-01-02", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["totalSales"] == 200
    done = sunshine("sales", "report", "--by", "person")
    assert done.stdout.splitlines()[1].split("\t") == ["Anna", "3", "300"]
    assert "3 sales, 300 in all, 100 each" in done.stderr


def test_it_draws_bars_on_a_terminal(in_terminal, sold):
    code, screen = in_terminal("sales", "report")
    assert code == 0
    assert "█" in screen
