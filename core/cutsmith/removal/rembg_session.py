"""rembg's own sessions behind Cutsmith's contract: the model "rembg:NAME" (extra `[rembg]`)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.cures import fetch, give, install_extra, install_packages, run, set_option
from cutsmith.errors import DownloadFailed, EngineMissing, ExtraMissing, UnknownModel, UsageError, WeightsMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX = "rembg:"
# They need a prompt or a file of the user's own, which `new_session(name)` cannot give them.
_NOT_BY_NAME = frozenset({"sam", "u2net_custom", "dis_custom", "ben_custom"})


_RELEASE = "danielgatis/rembg/releases"


def session_names() -> tuple[str, ...]:
    """The sessions of rembg that run here from a name alone, each as the option `model` takes it.

    Empty where rembg is missing. The catalogue lists them: asking rembg itself would import it, which takes a second.
    """
    from importlib.util import find_spec

    from cutsmith.models.catalogue import of_kind, rembg_only_sessions

    if find_spec("rembg") is None:
        return ()
    # Those that rembg publishes have its own names; other publishers' models are none of its sessions.
    both = (name for name, entry in of_kind("remover").items() if any(_RELEASE in url for url in entry.urls))
    return tuple(f"{PREFIX}{name}" for name in (*both, *rembg_only_sessions()))


class RembgRemover:
    """Picture -> soft mask by one of rembg's sessions (see `cutsmith.protocols.Remover`).

    rembg stretches every mask to the full range, so that even an empty picture has a pixel of probability 1: with these
    models Cutsmith cannot tell that nothing was found. Several masks (clothes) are united.
    """

    def __init__(self, name: str, session: Any) -> None:
        """Wrap an open rembg `session` that is called `name`."""
        self.name = f"{PREFIX}{name}"
        self._session = session

    def provenance(self) -> Mapping[str, str]:
        """Model, weights and engine; the weights' entry also says that the mask is stretched."""
        from importlib.metadata import version

        providers = self._session.inner_session.get_providers()
        return {
            "model": self.name,
            "weights": f"rembg {version('rembg')}; the mask is stretched to the full range by rembg",
            "engine": f"onnxruntime {providers[0].removesuffix('ExecutionProvider')}",
        }

    def soft_mask(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """rembg's mask of `image`, uint8 (H, W, 3), as float32 (H, W) in [0, 1]: stretched, unlike our own."""
        from PIL import Image

        masks = [np.asarray(mask.convert("L")) for mask in self._session.predict(Image.fromarray(image))]
        united: NDArray[np.float32] = np.maximum.reduce(masks).astype(np.float32) / 255
        return united


def open_rembg_session(name: str, threads: int) -> RembgRemover:
    """Open rembg's session `name` on `threads` threads.

    Raises:
        ExtraMissing: rembg is not installed.
        EngineMissing: rembg is installed without onnxruntime.
        UnknownModel: rembg has no session of this name.
        UsageError: the session needs a prompt or a file, or sends pictures to a remote service.
        WeightsMissing: its weights are not on this machine; rembg would fetch them without asking.
    """
    session_class = _session_class(name)
    if session_class.resolve_existing(f"{name}.onnx") is None:
        raise _weights_missing(name, session_class)
    from rembg.session_factory import new_session

    from cutsmith.engines.quiet_import import import_onnxruntime

    options = import_onnxruntime().SessionOptions()
    options.intra_op_num_threads = threads
    session = new_session(name, sess_opts=options)
    session.inner_session = _Stoppable(session.inner_session)
    return RembgRemover(name, session)


class _Stoppable:
    """onnxruntime's session, as rembg uses it; a cancelled run ends it while it runs."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, outputs: list[str] | None, inputs: dict[str, Any]) -> Any:
        """As `InferenceSession.run`."""
        from cutsmith.engines.onnxruntime_engine import run_session

        return run_session(self._session, outputs, inputs)


def _weights_missing(name: str, session_class: Any) -> WeightsMissing:
    from cutsmith.models.catalogue import catalogue, rembg_session_terms
    from cutsmith.models.store import fetch_cure, size_text

    terms, entry = rembg_session_terms(name), catalogue().get(name)
    accepts = terms is None or not terms.commercial_use
    ours = [fetch_cure(entry, "Or without rembg"), set_option("model", name, text="Then")] if entry else []
    return WeightsMissing(
        f"The weights of rembg's session {name} are not on this machine: they belong in {session_class.model_dir()} "
        f"({size_text(entry.size if entry else None)}, licence: {terms.licence if terms else 'not known here'}).",
        fetch(f"{PREFIX}{name}", "To let rembg download them", accepts_licence=accepts),
        *ours,
    )


def fetch_rembg_weights(name: str, *, accept_licence: bool) -> None:
    """Let rembg download the weights of its session `name`, to where it keeps them and with its own checks.

    Raises:
        LicenceNotAccepted: they may not be used commercially, or their terms are not known here, and `accept_licence`
            is False.
        DownloadFailed: rembg could not fetch them.
        ExtraMissing, EngineMissing, UnknownModel, UsageError: as for `open_rembg_session`.
    """
    from cutsmith.models.catalogue import catalogue, rembg_session_terms
    from cutsmith.models.store import require_licence

    session_class = _session_class(name)
    terms = catalogue().get(name) or rembg_session_terms(name)
    require_licence(
        f"{PREFIX}{name}",
        terms.licence if terms else "its licence is not known to Cutsmith",
        commercial_use=terms is not None and terms.commercial_use,
        accepted=accept_licence,
    )
    try:
        session_class.download_models()
    except (OSError, ValueError) as error:
        # requests' errors are OSErrors; pooch raises a ValueError for a wrong hash.
        with contextlib.suppress(OSError):
            # rembg makes the folder first; an empty one looks like a model.
            Path(session_class.model_dir()).rmdir()
        reason = type(error).__name__ if isinstance(error, OSError) else str(error)
        ours = [fetch(name, "Or without rembg", source="FOLDER|URL")] if name in catalogue() else []
        raise DownloadFailed(
            f"rembg could not fetch the weights of {name} ({reason}).",
            f"Behind a proxy, set HTTPS_PROXY. Or put {name}.onnx into {session_class.model_dir()} by hand.",
            *ours,
        ) from error


def _session_class(name: str) -> Any:
    """rembg's class of the session `name`, if that runs here from a name alone."""
    from cutsmith.engines.quiet_import import silence_onnxruntime

    silence_onnxruntime()
    try:
        from rembg.sessions import sessions
    except ImportError as error:
        raise ExtraMissing(
            f"The model {PREFIX}{name} needs rembg, which is not installed ({error}).",
            install_extra("rembg"),
            option="model",
            found=f"{PREFIX}{name}",
        ) from error
    except SystemExit as error:
        # rembg ends the interpreter when it finds no onnxruntime.
        raise EngineMissing("rembg is installed, but finds no onnxruntime.", install_packages("onnxruntime")) from error
    if name not in sessions:
        from difflib import get_close_matches

        near = get_close_matches(name, sessions, 3)
        advice = f"Did you mean {' or '.join(near)}?" if near else f"rembg has {', '.join(sorted(sessions))}."
        raise UnknownModel(f"rembg has no session {name!r}.", advice, option="model", found=f"{PREFIX}{name}")
    session_class = sessions[name]
    if name in _NOT_BY_NAME:
        raise UsageError(
            f"rembg's session {name} needs a prompt or a file of its own.",
            give("model", "path/to/model.onnx", text="Give the file itself"),
            option="model",
            found=f"{PREFIX}{name}",
        )
    if not session_class.is_local():
        raise UsageError(
            f"rembg's session {name} sends the picture to a remote service; Cutsmith runs models on this machine only.",
            run("models", "list", text="Models that run here"),
            option="model",
            found=f"{PREFIX}{name}",
        )
    return session_class
