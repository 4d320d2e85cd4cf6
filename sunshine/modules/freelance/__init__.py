"""People who work for the company without being employed. Guide: docs/sales.md.

freelancers.py  freelancers and their projects
rows.py         what the statements return
schemas.py      payloads
"""
