"""Files over HTTP.

uploads.py         receives uploads, and hands each over once
serving.py         stored files and their URLs
attachment_spec.py which fields refer to files
attachments.py     bodies whose uploads become a row's files
"""
