"""The page of the service: static files, in the order of the way.

page_files  the files with their headers, as routes of the service
files/      the page itself; main.js starts it, and it runs as it lies there, without a build step

In files/: server asks the service, cutter says for what, workshop keeps the pictures and their work; picture, state,
masks, gray_png, crc32 and zip are what they stand on; stage, pad, tools, tray, list, verdict, settings, saving, intake,
keys and machine are what a person sees and touches.
"""
