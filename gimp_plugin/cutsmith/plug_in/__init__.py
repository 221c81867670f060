"""The plug-in: standard library and gi alone, in the Python that GIMP brings. The engine runs in the worker."""
