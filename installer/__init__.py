"""What install.py does, with the standard library alone, in the order of the way.

command_line     reads the command, and turns failures into messages and exit codes
failure          the one way in which the installer stops on purpose
folders          where things are in the clone, and the user's own folders
json_file        the small files in which the installer records what it made
limited_run      runs a program that may hang
environment/     a Python environment with Cutsmith in it; plain `install.py`
demo/            `install.py demo`
copied_folder    a folder of copies that a host loads
host_memory      every ComfyUI and GIMP profile that Cutsmith was put into
comfyui/         `install.py comfyui`
trial/           tries Cutsmith's worker, as GIMP's plug-in calls it
gimp/            `install.py gimp`
doctor           `install.py doctor`
testing          `install.py test`
uninstall        `install.py uninstall`
"""
