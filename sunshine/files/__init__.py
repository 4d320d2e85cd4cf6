"""Files: stored, uploaded, named by rows, and checked.

storage.py      what every storage of files can do
local.py        files in folders
backends.py     which of them the settings ask for
s3.py           files in a bucket
uploads.py      taken in, fetched once, swept after a day
columns.py      the columns that name files
links.py        URLs of files here, however people spell them
attachments.py  files along with the rows that name them
integrity.py    whether files and rows agree
images.py       pictures in JSON bodies, as base64
multipart.py    a form with one file, read as it comes
part_file.py    a file on its way to the disk
types.py        what a file is by its bytes, and what it may be called
schemas.py      queries and answers of uploads
"""
