"""The `batch` room: cuts out many pictures, one after another. It prints nothing.

plan       decides which file each input goes to, before any work starts
outcome    the outcome for one picture, as data and as JSON
run        does the work: an iterator of outcomes that continues after a failure
"""
