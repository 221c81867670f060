"""The `batch` room: cuts out many pictures, one after another. It prints nothing.

inputs     finds the pictures that the inputs name, in folders too
naming     names results by a pattern, and distinctly
plan       decides which file each input goes to, before any work starts
outcome    the outcome for one picture, as data and as JSON
writing    what is written of each cut-out, and how
run        does the work: an iterator of outcomes that continues after a failure
"""
