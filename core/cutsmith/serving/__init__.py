"""The `serving` room: jobs for programs that call the engine from outside; it knows no socket.

jobs     a job's fields and arrays in, its answer out
queue    one job at a time; the others wait, are told their place, and can be dropped
"""
