"""What the machine gives: threads, memory, folders of this user, files.

threads     how many the process may use
memory      how much is free, for what is about to be allocated
folders     where this user's weights, caches and logs lie
files       whether a path is a file or a folder, without an error for odd ones
"""
