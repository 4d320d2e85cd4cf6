"""Files: stored, uploaded, named by rows, and checked.

storage.py      the interface of every storage of files
local.py        files in folders
s3.py           files in a bucket
backends.py     the storage that the settings ask for
uploads.py      uploads: stored, fetched once, removed after a day
columns.py      the columns that name files
links.py        URLs of our files, however they are spelled
attachments.py  files stored along with the rows that name them
integrity.py    whether files and rows agree
images.py       images in JSON bodies, as base64
multipart.py    a form with one file, parsed as it arrives
part_file.py    a file being written
types.py        the type of a file by its bytes, and safe names
rows.py         what the statements return
schemas.py      queries and answers of uploads
"""
