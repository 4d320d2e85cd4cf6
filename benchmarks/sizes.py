"""How much each benchmark does: what is recorded, and the short form that shows it still runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Rows of the large table; months of a report (where the report itself names none), and what
    part of a company is in them; points of a driver and how often their place is asked for; events
    beside a sleeper. `warm_up`: whether servers are asked for a while before they are measured."""

    warm_up: bool = True
    large: int = 1_000_000
    months: int | None = None
    company: float = 1.0
    points: int = 1_000_000
    asked: int = 5000
    events: int = 110_000


RECORDED = Sizes()
# Too little for any figure: nothing of it is to be quoted.
SHORT = Sizes(
    warm_up=False, large=20_000, months=2, company=0.1, points=4000, asked=200, events=12_000
)
SHORT_SECONDS = {"soak": 4, "bounds": 2, "report": 2, "sales": 2}  # 1 for all others
SHORT_SOCKETS = 50
