"""Periodic jobs: each runs once when it is due, in one process. The jobs: sunshine/modules.

runner.py     runs the jobs that are due, and retries failed ones
schedules.py  when a job is due
history.py    recorded runs, and the lock of a job
"""
