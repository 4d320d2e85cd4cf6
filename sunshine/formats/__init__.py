"""Formats that are not JSON.

spreadsheets.py  CSV and XLSX
labels.py        QR codes to stick on things
"""
