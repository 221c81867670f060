"""The `batch` room: many pictures, one after the other; it prints nothing.

plan       which file each input goes to, settled before anything is done
outcome    what became of one picture, as data and as JSON
run        the work: an iterator of outcomes that goes on after one fails
"""
