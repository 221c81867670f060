"""The programs that the tests run Cutsmith in, made by `install.py test --hosts`, in the order of the way.

prepare            makes each host that is not there, and says how long it took
comfyui_engine     a ComfyUI with a Python of its own
chromium           a browser for its page
axe_script         the program that looks for faults of accessibility in a page
debian_packages    unpacks Debian's packages into a folder
gimp_tree          a Debian with GIMP in a folder
service_clients    the clients of remove.bg on PyPI and npm
captured_run       runs a program and keeps what it says
scratch_folder     where each is made, until it is whole
"""
