"""What the company allows: one folder per domain, its table of contents in its __init__.

A module writes its own tables only and may read any; what a module imports of another one is
declared in tests/kernel/test_layers.py. Of all modules:

registry.py       all jobs and channels
scope.py          whose rows an actor may reach: own, team, all
open_requests.py  which requests for time away count
cleanup.py        the hourly cleanup
"""
