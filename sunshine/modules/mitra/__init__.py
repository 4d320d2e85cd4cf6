"""Partners and their documents. Guide: docs/mitra.md.

partners.py   the partners
documents.py  their documents
schemas.py    payloads
"""
