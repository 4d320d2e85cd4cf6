"""Partners (mitra) and their documents. Guide: docs/mitra.md.

partners.py   the partners
documents.py  their documents
contents.py   the cleanup of contents in MongoDB
rows.py       what the statements return
schemas.py    payloads
"""
