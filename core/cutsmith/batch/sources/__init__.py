"""Where a batch's pictures come from: files, folders, globs, lists, tables, and addresses of object stores.

picture      one picture that was found, with the request of its row
finding      what the inputs of a call name, each picture once
globs        patterns such as shop/**/*.jpg, on the disk and in lists of keys
text_files   the bytes of a list or a table -> text; a wrong encoding is told with its line
lists        a file with one path or address a line
tables       CSV and JSON lines -> rows with their line numbers
rows         a row -> a picture with its request, or with what is wrong about the row
entries      what a path in a list means, and which folders it keeps
addresses    s3://, gs://, memory://, https://: found, read, stamped
failures     what an object store's failure means, without secrets
reading      the bytes of a source, and a stamp that tells whether it has changed
names        where the result of each picture goes, distinct and stable
"""

from cutsmith.batch.sources.finding import find_sources
from cutsmith.batch.sources.names import ResultNames, result_names
from cutsmith.batch.sources.picture import SourcePicture, Sources
from cutsmith.batch.sources.reading import Stamp, read_source, stamp

__all__ = [
    "ResultNames",
    "SourcePicture",
    "Sources",
    "Stamp",
    "find_sources",
    "read_source",
    "result_names",
    "stamp",
]
