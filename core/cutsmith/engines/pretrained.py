"""Opens a folder that transformers has saved: its files alone, none of its code, one error for what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.engines.quiet_transformers import quiet_transformers
from cutsmith.errors import ModelUnusable

if TYPE_CHECKING:
    from cutsmith.cures import Cure


@contextmanager
def opening_folder(folder: Path, wanted: Cure | str) -> Iterator[None]:
    """Around all that transformers opens in `folder`; it stays quiet.

    Raises:
        ModelUnusable: settings or files do not fit; `wanted` says what does.
    """
    from huggingface_hub.errors import StrictDataclassError

    with quiet_transformers():
        try:
            yield
        # transformers and tokenizers raise these for settings and files that do not fit, by which part notices.
        except (StrictDataclassError, OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            told = " ".join(str(error).split())[:200]
            raise ModelUnusable(f"{folder} cannot be opened by transformers: {told}.", wanted) from error


def from_folder(model_class: Any, folder: Path) -> tuple[Any, dict[str, Any]]:
    """The model in float32, and what transformers says about its tensors instead of raising or logging it."""
    import torch

    module, loading = model_class.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.float32,
        output_loading_info=True,
        ignore_mismatched_sizes=True,
    )
    return module, loading
