"""What install.py does, standard library only.

`command_line` reads the command; `demo`, `testing`, `comfyui`, `uninstall` and `host_environment` (plain `install.py`)
are the commands. `comfyui_folder`, `node_pack`, `host_memory` and `comfyui_removal` are the parts of ComfyUI's, and
`hosts/` makes the programs that the tests run Cutsmith in. `virtual_environment`, `extras`, `requirements`,
`separate_steps`, `pip_command`, `photographs`, `weights` and `numba_warming` are what they share.
"""
