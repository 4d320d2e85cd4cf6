"""What a process needs around its work, and what its operators look at.

logs.py         structured logs on stderr
metrics.py      figures for Prometheus
readiness.py    what /readyz answers
sockets.py      listening sockets, inherited or our own; what systemd is told
directories.py      DIR and what is in it
rate_limits.py  how often one caller may call
audit.py        what can be proven of the audit trail
"""
