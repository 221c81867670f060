"""What can go wrong with Ray itself, rather than with a picture."""

from __future__ import annotations

from cutsmith.errors import CutsmithError, NotInstalled, OutputError


class ClusterUnreachable(CutsmithError):
    """Nobody answers at the address of the cluster, or Ray cannot be started."""


class RayStopped(CutsmithError):
    """Ray ended the work. What the manifest has is kept."""


class NotShared(OutputError):
    """A machine of the cluster does not see the files of the batch."""


class WorkerDiffers(NotInstalled):
    """A machine of the cluster would cut out otherwise: its weights, engine or version are others."""


class WorkerLost(CutsmithError):
    """The process that cut a picture out was ended each time, such as for want of memory."""


def stopped(error: BaseException) -> RayStopped:
    """What `error`, one of Ray's own, means for the batch."""
    return RayStopped(f"Ray ended the work: {reason_of(error)}.", "What is done is kept: run the same command again.")


def reason_of(error: BaseException) -> str:
    """The last line of what Ray says, which is the one that tells the reason; a trace stands before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".")
