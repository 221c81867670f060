"""The worker's standard-library modules, from beside cutsmith.py in GIMP, or from the engine itself in a clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ != "plug_in":
    from cutsmith.worker import client, protocol, rendezvous, session
else:  # In GIMP, where install.py copied these files beside cutsmith.py.
    import client
    import protocol
    import rendezvous
    import session

Array = protocol.Array
Message = protocol.Message

__all__ = ["Array", "Message", "client", "protocol", "rendezvous", "session"]
