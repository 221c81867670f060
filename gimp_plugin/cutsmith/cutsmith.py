#!/usr/bin/env python3
"""Cutsmith for GIMP 3 turns a selection or words into a layer mask. GIMP starts this file; plug_in/ does the work.

`python3 install.py gimp` copies it to GIMP's plug-ins, together with config.json, which says where the engine is.
"""

import sys

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - only after its version has been requested
from plug_in.procedures import Cutsmith  # type: ignore[import-not-found]  # noqa: E402 - it imports gi too

Gimp.main(Cutsmith.__gtype__, sys.argv)
