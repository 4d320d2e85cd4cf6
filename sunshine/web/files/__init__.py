"""Files over HTTP.

uploads.py         uploads, and handing them over once
serving.py         stored files and their URLs
attachment_spec.py which fields name files
attachments.py     bodies whose uploads become files of a row
"""
