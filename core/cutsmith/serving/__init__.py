"""The `serving` room: runs jobs for programs that call the engine from outside. It knows nothing about sockets.

queue          a few jobs run at a time; the others wait, are told their place, and can be dropped
running        runs one of them, whatever it is, and tells its client how it ended
jobs           what a job of fields and arrays is: takes them, returns its answer
asked          the fields and arrays of a job, checked
answers        a job's result
open_pictures  pictures that stay in memory between jobs
pointing_jobs  the jobs for those: clicks, words, a preview
"""
