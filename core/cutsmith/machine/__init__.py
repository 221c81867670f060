"""The `machine` room: threads, memory, cancelling, this user's folders, and files.

threads     how many threads the process may use
memory      how much memory is free before something large is allocated
folders     where this user's weights, caches and logs lie
cancelling  long work hears whether it is still wanted
files       whether a path is a file or a folder, without an error for odd paths
"""
