"""Tries Cutsmith's worker.

worker_trial    has the worker that GIMP's plug-in would call cut a small picture out, or end
worker_job      the script that calls it, with the plug-in's own files
"""
