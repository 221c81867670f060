"""What install.py does, with the standard library alone, in the order of the way.

command_line    reads the command, and turns a failure into words and an exit code
failure         the one way in which the installer stops on purpose
folders         the clone's places, and the user's own folders
environment/    a Python environment with Cutsmith in it; plain `install.py`
demo/           `install.py demo`
comfyui/        `install.py comfyui`
gimp/           `install.py gimp`
trial/          tries Cutsmith's worker, as GIMP's plug-in calls it
host_memory     remembers every ComfyUI and every profile of GIMP that Cutsmith was put into
doctor          `install.py doctor`
testing         `install.py test`
uninstall       `install.py uninstall`
"""
