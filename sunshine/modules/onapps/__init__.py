"""The apps' settings, and vouchers. Guide: docs/vouchers.md.

settings.py     settings of the apps
vouchers.py     vouchers as they are set up
redemptions.py  what one is worth, and using it
schemas.py      payloads
"""
