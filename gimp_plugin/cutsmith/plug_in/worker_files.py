"""The worker's own modules of the standard library: in GIMP those beside cutsmith.py, in a clone the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ != "plug_in":
    from cutsmith.worker import client, protocol, rendezvous, session
else:  # In GIMP, where install.py put these files beside cutsmith.py.
    import client
    import protocol
    import rendezvous
    import session

Array = protocol.Array
Message = protocol.Message

__all__ = ["Array", "Message", "client", "protocol", "rendezvous", "session"]
