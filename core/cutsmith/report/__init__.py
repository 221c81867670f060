"""The `report` room: what became of a batch, for people: a page to look at and to decide in, and the files to keep.

It reads a batch's manifest and thumbnails, and knows nothing of how pictures are cut out.

reading      the manifest's truth as entries, the most doubtful first
places       where a row's files lie, as paths and as addresses; nothing outside the batch
totals       counts, rates and reasons
thumbnails   the small pictures that the page carries, smaller where there are many
page         the page itself, as a file or served; page_files/ holds its HTML, CSS and JavaScript
verdicts     what a person said, taken from a file into the manifest
server       serves the page on this machine alone, and writes what is decided into the manifest
answers      what the server answers, and to whom
export       the results that count, as a zip
"""
