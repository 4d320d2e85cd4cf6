"""Formats other than JSON.

spreadsheets.py  CSV and XLSX
qr_labels.py     labels with QR codes
"""
