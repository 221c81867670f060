"""/v1/jobs: many pictures as one job, which outlives the process.

routes     the addresses: upload, state, list, result, cancel
upload     a form's body, streamed to files
archive    a zip's members, under limits, as files
names      a client's names -> names of files that are safe everywhere
folder     what a job has on the disk
store      the states of all jobs, in SQLite, for every process of the service
desk       a thread per process that claims jobs, and clears away what is over
lookout    a thread that looks for work until it is told to end; the desk and the webhooks have one each
work       one job's pictures, by the house's own batch
packing    the zip of results, with table and report
webhooks   a thread per process that tells of jobs that have ended
"""
