"""Formats that are not JSON.

spreadsheets.py  CSV and XLSX
qr_labels.py        QR codes to stick on things
"""
