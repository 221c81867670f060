"""The `serving` room: runs jobs for programs that call the engine from outside. It knows nothing about sockets.

jobs     runs one job: takes its fields and arrays, returns its answer
queue    runs one job at a time; the others wait, are told their place, and can be dropped
"""
