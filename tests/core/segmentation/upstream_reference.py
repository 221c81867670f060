"""Upstream's own SAM 2 predictor, in a process of its own: python upstream_reference.py QUESTIONS.json ANSWERS.npz

Nothing of Cutsmith is imported here. QUESTIONS: {"config", "overrides", "checkpoint", "pictures": {name: path},
"prompts": {name: {"box", "boxes", "points", "labels", "mask", "multimask"}}}. ANSWERS: "PICTURE/PROMPT" -> logits at
the picture's size, float32 (masks, H, W), and "PICTURE/PROMPT/iou".
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sam2.build_sam import build_sam2
from sam2.sam2_image_predictor import SAM2ImagePredictor


def mask_logits(path: str, side: int) -> np.ndarray:
    """A rough mask as the video predictor feeds it: downsampled with antialiasing, times 20, minus 10."""
    mask = torch.from_numpy(np.load(path)).float()[None, None]
    small = torch.nn.functional.interpolate(
        mask, size=(side, side), align_corners=False, mode="bilinear", antialias=True
    )
    return (small * 20.0 - 10.0)[0].numpy()


def main() -> None:
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = build_sam2(
        asked["config"], asked["checkpoint"], device="cpu", hydra_overrides_extra=[f"++{o}" for o in asked["overrides"]]
    )
    predictor = SAM2ImagePredictor(model)
    side = model.image_size
    predictor._bb_feat_sizes = [(side // 4,) * 2, (side // 8,) * 2, (side // 16,) * 2]
    answers = {}
    for picture, path in asked["pictures"].items():
        predictor.set_image(np.asarray(Image.open(path).convert("RGB")))
        for name, prompt in asked["prompts"][picture].items():
            box = prompt.get("boxes", prompt.get("box"))
            points = prompt.get("points")
            logits, ious, _ = predictor.predict(
                point_coords=None if points is None else np.array(points, np.float32),
                point_labels=None if points is None else np.array(prompt["labels"], np.int32),
                box=None if box is None else np.array(box, np.float32),
                mask_input=mask_logits(prompt["mask"], side // 4) if "mask" in prompt else None,
                multimask_output=prompt.get("multimask", False),
                return_logits=True,
            )
            if "boxes" in prompt:
                logits, ious = logits[:, 0], ious[:, 0]
            answers[f"{picture}/{name}"] = logits
            answers[f"{picture}/{name}/iou"] = ious
    np.savez(sys.argv[2], **answers)


if __name__ == "__main__":
    main()
