"""A Python environment with Cutsmith in it: `.venv`, or one of the user's own.

extras                 what can be installed besides the product, and its size
separate_steps         what pip cannot install in one go with the rest
stamp                  what `.venv` was made from
virtual_environment    makes `.venv`, or brings it up to date
only_one               one installer at a time
python_facts           what a Python says of itself and its packages, also as a script
interpreter            asks a Python, the running one or another
requirements           compares requirements with what an environment has
host_environment       plain `install.py`: adds what is missing, changes nothing that is there
pip_command            runs pip, and says what to do when it fails
"""
