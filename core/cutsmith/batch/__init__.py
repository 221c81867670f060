"""The `batch` room: cuts out many pictures, one after another. It prints nothing.

inputs     finds the pictures that the inputs name, in folders too
naming     names results by a pattern, and distinctly
plan       decides which file each input goes to, before any work starts
outcome    the outcome for one picture, as data and as JSON
writing    what is written of each cut-out, and how
run        does the work: an iterator of outcomes that continues after a failure

For a catalogue of thousands, which is resumed:

sources        where its pictures come from: folders, patterns, lists, tables, addresses
unit           one picture with all that its result depends on, and its key
weights        the models, opened once
cutting        one unit -> one row of the manifest, whatever happens
threads        several units at a time
on_ray         the same on processes and machines, by Ray
manifest       what became of each input, appended row by row
resuming       what is still to be done
groups         pictures that are laid on their canvases at one scale
catalogue      all of this together, in a folder that is held
estimate       how long it will take
watching       waits for new pictures
thumbnails     the small pictures that the report shows
"""
