"""The `worker` room: a process that keeps models loaded and cuts out for programs that cannot hold the engine.

GIMP's plug-in is the first of them. docs/worker-protocol.md says in words what is said here in code.

Four modules are of the standard library alone and import nothing of cutsmith, because install.py copies them beside a
host's plug-in, with cutsmith/options.py, where they run in the host's own Python without numpy:

    protocol        frames, what can be wrong with them, and the handshake
    rendezvous      the folder, the key, the locks and the socket or pipe where worker and clients meet
    session         sends jobs to a worker, follows their progress
    client          finds the worker or starts one

The others are the worker itself:

    log_file        its one log
    wire_arrays     arrays as they travel, and as numpy has them
    client_link     one client: what it sends becomes jobs for `serving`, what is to be told to it is sent
    server          all of that together, on the socket or on standard input and output
"""
