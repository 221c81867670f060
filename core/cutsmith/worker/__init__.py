"""The `worker` room: a process that keeps models loaded and cuts out for programs that cannot run the engine.

GIMP's plug-in is the first of them. docs/worker-protocol.md describes the protocol in words.

Four modules use only the standard library and import nothing else from cutsmith. install.py copies them, with
cutsmith/options.py, beside a host's plug-in, where they run in the host's own Python, without numpy:

    protocol        frames, the errors they can cause, and the handshake
    rendezvous      the folder, key and socket (or pipe) through which worker and clients meet
    session         sends jobs to a worker and follows their progress
    client          finds the worker or starts one

The others are the worker itself:

    log_file        the worker's only log
    wire_arrays     converts arrays between numpy and the wire format
    job_process     the process that runs the jobs and keeps the models; the worker can kill it
    client_link     one client: turns its messages into jobs for that process and sends it the answers
    server          puts these together on the socket
"""
