"""Who works for the company without being employed. Guide: docs/sales.md.

freelancers.py  freelancers and their projects
schemas.py      payloads
"""
