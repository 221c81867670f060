"""What install.py does, standard library only.

`command_line` reads the command; `demo`, `testing`, `uninstall` and `host_environment` are the four commands;
`virtual_environment`, `extras`, `separate_steps`, `pip_command`, `photographs`, `weights` and `numba_warming` are what
they share.
"""
