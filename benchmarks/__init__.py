"""What this server costs beside others with the same endpoints. Start: benchmarks/run.py.

run.py                measures this server beside others, or runs one of the other benchmarks
compare.py            every server under every scenario, in turn; the ratios
scenarios.py          what is asked of every server
servers.py            the servers, and how each is started
agreement.py          refuses to compare servers that answer differently
cluster.py            the one PostgreSQL for all
load.py               one measurement: load by wrk, CPU time
processes.py          processes of one machine, and their CPU time
machine.py            machine and versions of a run
needs.py              what a run needs, checked before it starts
report.py             prints results: tables, TSV, Markdown, JSON
sizes.py              how much each benchmark does; the short form
filling.py            fills large tables quickly
scale.py              `scale`: a page over 10,000 and 1,000,000 rows
months.py             `report`, `sales`: one month alone and among many
attendance_months.py  months of attendance
sales_months.py       months of sales
tracks.py             `tracks`: two million points
holding.py            `sockets`: many sockets held
listeners.py          a process that holds sockets
sleeping.py           a reader that sleeps
live_server.py        our server with the benchmark's channel
soaking.py            `soak`: hours of mixed load
bounds.py             `bounds`: bad bodies for every route and field
"""
