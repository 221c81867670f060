"""What the option `matting` says -> a matter: one row a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast

from cutsmith.errors import BadOption, shown

if TYPE_CHECKING:
    from cutsmith.engines.opening import Opener
    from cutsmith.matting.bimatting.loading import OpenBiMatting
    from cutsmith.matting.trimap import Band
    from cutsmith.models.store import Store
    from cutsmith.options import MattingEffort
    from cutsmith.protocols import Loaded, Matter, MattingModel, MattingNetwork


class MatterSettings(NamedTuple):
    """What a matter is made from.

    Attributes:
        band: how far the unknown band reaches; None leaves it to the method.
        effort: how much time and memory may be spent, for methods that can choose.
        memory: bytes that may be allocated; None means all that is free.
        network: what a neural method runs, from `load_network`.
    """

    band: Band | None
    effort: MattingEffort
    memory: int | None
    network: MattingModel | None


def _closed_form(settings: MatterSettings) -> Matter:
    from cutsmith.matting.closed_form.matter import ClosedFormMatter

    return ClosedFormMatter(settings.band, settings.effort, settings.memory)


def _vitmatte(settings: MatterSettings) -> Matter:
    from cutsmith.matting.vitmatte.matter import ViTMatteMatter

    network = settings.network or load_network("vitmatte").model
    return ViTMatteMatter(cast("MattingNetwork", network), settings.band)


def _bimatting(settings: MatterSettings) -> Matter:
    from cutsmith.matting.bimatting.matter import BiMattingMatter

    opened = settings.network or load_network("bimatting").model
    return BiMattingMatter(cast("OpenBiMatting", opened).network)


def _pymatting(method: str) -> Callable[[MatterSettings], Matter]:
    def made(settings: MatterSettings) -> Matter:
        from cutsmith.matting.pymatting_methods import PymattingMatter

        return PymattingMatter(method, settings.band)

    return made


MATTERS: Mapping[str, Callable[[MatterSettings], Matter]] = MappingProxyType(
    {
        "closed-form": _closed_form,
        "vitmatte": _vitmatte,
        "bimatting": _bimatting,
        "pymatting-cf": _pymatting("pymatting-cf"),
        "knn": _pymatting("knn"),
        "lbdm": _pymatting("lbdm"),
    }
)
"""Each method by its name among the choices of the option `matting`."""

WITH_NETWORK = ("vitmatte", "bimatting")
"""The methods that run a network, which the option `matting_model` names."""


def load_network(
    method: str,
    model: str | None = None,
    *,
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    store: Store | None = None,
    opener: Opener | None = None,
) -> Loaded[MattingModel]:
    """The network of `method`, one of `WITH_NETWORK`.

    Arguments and errors are those of `vitmatte.loading.load_vitmatte` and `bimatting.loading.load_named`.
    """
    assert method in WITH_NETWORK, f"{method} runs no network"
    if method == "bimatting":
        from cutsmith.matting.bimatting.loading import load_named

        return load_named(model, device=device, threads=threads, store=store)
    from cutsmith.matting.vitmatte.loading import load_vitmatte

    return load_vitmatte(model, engine=engine, device=device, threads=threads, store=store, opener=opener)


def import_solver() -> None:
    """Import what closed form needs when it solves: a fifth of a second that can pass while a picture is read."""
    import qdldl  # noqa: F401
    import scipy.sparse  # noqa: F401

    import cutsmith.matting.closed_form.matter  # noqa: F401


def load_matter(
    method: str,
    band: tuple[int, int] | None = None,
    *,
    effort: MattingEffort = "balanced",
    memory: int | None = None,
    network: MattingModel | None = None,
) -> Matter:
    """The matter called `method`.

    Args:
        method: a key of `MATTERS`.
        band: (inner, outer) in pixels; None leaves it to the method.
        effort: how much time and memory may be spent, for methods that can choose.
        memory: bytes that may be allocated; None means all that is free.
        network: for the methods in `WITH_NETWORK`, the one that they run; None loads the default.

    Raises:
        BadOption: there is no method of this name, or the band is negative.
        NotInstalled: the weights of the default network are not here.
    """
    if method not in MATTERS:
        raise BadOption("", option="matting", found=shown(method), wanted=f"one of {', '.join(MATTERS)}")
    from cutsmith.matting.trimap import Band

    return MATTERS[method](MatterSettings(None if band is None else Band(*band), effort, memory, network))
