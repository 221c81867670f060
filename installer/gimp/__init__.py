"""Cutsmith in GIMP 3.

command       `install.py gimp`
profiles      GIMP's profile folders
programs      GIMP's programs, and the making of a first profile
config        config.json, which tells the plug-in how Cutsmith is run
plug_in       the plug-in's files in a profile
trial         whether a profile's plug-in works
procedures    asks GIMP for the plug-in's procedures
removal       takes the plug-in out again
zip_file      `install.py gimp --zip`: the plug-in for people without a shell
bundle        what that zip holds beside the plug-in
ending        ends that when nobody waits for it
first_run     installs Cutsmith from there, as GIMP's plug-in asks
"""
