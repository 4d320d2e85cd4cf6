"""Periodic jobs: what is due runs once, in one process. The jobs themselves: sunshine/modules.

runner.py     runs what is due, and again when it failed
schedules.py  when a job is due
history.py    runs on record, and whose turn it is
"""
