#!/usr/bin/env python3
"""Cutsmith for GIMP 3: a selection or words become a layer mask. GIMP starts this file; plug_in/ does the work.

`python3 install.py gimp` puts it where GIMP looks, with config.json, which says where the engine is.
"""

import sys

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after its version is asked for
from plug_in.procedures import Cutsmith  # type: ignore[import-not-found]  # noqa: E402 - imports gi as well

Gimp.main(Cutsmith.__gtype__, sys.argv)
