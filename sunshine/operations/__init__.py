"""The surroundings of a server process, and what its operators monitor.

logs.py         structured logs on stderr
metrics.py      metrics for Prometheus
readiness.py    the state behind /readyz
sockets.py      listening sockets, inherited or our own
directories.py  DIR and its folders
rate_limits.py  how often one caller may call
audit.py        checks of the audit trail
"""
