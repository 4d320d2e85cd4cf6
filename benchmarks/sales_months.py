"""Months of sales for `run.py sales`: 20,000 items each, a million in fifty."""

from benchmarks.cluster import Cluster
from benchmarks.filling import without_indexes
from benchmarks.months import LAST, Months, first_of

EMPLOYEES = 100
A_MONTH = 8000  # sales, of one to four items

# In the order that a shop records them: day by day.
SALES = """
INSERT INTO sale (id, customer_id, sales_person_id, date, total)
SELECT
    id, 1 + id %% 2000, 1 + id %% 100,
    begins + (n - 1) * extract(day FROM begins + interval '1 month - 1 day')::integer / %(sales)s,
    (1000 + id %% 9000) / 100.0 * lines * (lines + 1) / 2
FROM generate_series(0, %(months)s - 1) AS month, generate_series(1, %(sales)s) AS n,
    LATERAL (
        SELECT month * %(sales)s + n AS id, 1 + n %% 4 AS lines,
            (%(first)s::date + make_interval(months => month))::date AS begins
    ) AS each
ORDER BY id
"""
ITEMS = """
INSERT INTO sale_item (sale_id, line, product_id, quantity, price)
SELECT id, line, 1 + id * line % 500, line, (1000 + id % 9000) / 100.0
FROM sale, generate_series(1, 1 + id % 4) AS line
ORDER BY id, line
"""


def fill(cluster: Cluster, database: str, number: int, part: float) -> None:
    """So many months of a hundred sellers, or of that part of what they sell."""
    cluster.make(EMPLOYEES, database)
    given = {"first": first_of(number), "months": number, "sales": int(A_MONTH * part)}
    with cluster.connect(database) as connection:
        with without_indexes(connection, "sale"):
            connection.execute(SALES, given)
        connection.execute(ITEMS)
        connection.execute("VACUUM ANALYZE")


_MONTH = f"startDate={LAST.replace(day=1)}&endDate={LAST}"
SALES_MONTHS = Months(path=f"/api/sales/report?{_MONTH}", many=50, fill=fill)
