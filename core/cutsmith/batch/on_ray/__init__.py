"""The units of a batch, spread with Ray over processes of this machine or over the machines of a cluster.

cluster     a Ray of our own on this machine, or one that is there; quiet, and gone at the end
shares      how many workers there are, and how many cores each may use
place       what a worker must see: the folder of results, the pictures
desk        where workers ask for the unit that they are to begin
handing     answers them, and tells the manifest first
worker      one unit -> what is told of it; a process that keeps its models open
rows        all of this together: units -> rows
failures    what can go wrong with Ray itself
"""
