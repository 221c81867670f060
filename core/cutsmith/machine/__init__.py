"""The `machine` room: threads, memory, this user's folders, and files.

threads     how many threads the process may use
memory      how much memory is free before something large is allocated
folders     where this user's weights, caches and logs lie
interruptible   work that the caller can leave while it runs
files       whether a path is a file or a folder, without an error for odd paths
"""
