"""Settings of the company's apps, and vouchers. Guide: docs/vouchers.md.

settings.py     settings of the apps
vouchers.py     vouchers
redemptions.py  validating and redeeming vouchers
schemas.py      payloads
rows.py         rows that the statements return
"""
