"""Tries programs and Cutsmith's worker.

limited_run     runs a program for so many seconds at most
worker_trial    has the worker cut out a small picture, or stop
worker_job      the script that does it, with the plug-in's own files
"""
