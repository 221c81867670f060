"""The programs that the tests run Cutsmith in: `preparation` makes them, one module for each.

`comfyui_engine` is a ComfyUI with a Python of its own, `chromium` a browser for its page; `debian_packages` unpacks
Debian's packages into a folder.
"""

STAMP = "cutsmith-host.json"  # in a host's folder: what it was made from, and that it was made here
