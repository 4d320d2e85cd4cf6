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
    assert done.stdout == "person\tsales\ttotal\nAnna\t3\t300\n"
    assert "3 sales, 300 in all, 100 each" in done.stderr


def test_it_draws_bars_on_a_terminal(in_terminal, sold, sql):
    sql("UPDATE sale SET total = 50 WHERE date = '2024-01-02'")
    code, screen = in_terminal("sales", "report")
    assert code == 0
    assert "day" in screen
    lines = [line for line in screen.splitlines() if line.startswith("2024-01-")]
    assert [line.split()[:3] for line in lines] == [
        ["2024-01-01", "1", "100.00"],
        ["2024-01-02", "1", "50.00"],
        ["2024-01-03", "1", "100.00"],
    ]
    long, short, _ = (line.count("█") for line in lines)
    assert long > 50
    assert abs(long - 2 * short) <= 1
    assert "2 sales" not in screen
    assert "3 sales, 250 in all" in screen


def test_nothing_sold_is_no_fault(sunshine, in_terminal):
    assert sunshine("sales", "report").stdout == "day\tsales\ttotal\n"
    code, screen = in_terminal("sales", "report")
    assert (code, "0 sales" in screen) == (0, True)
