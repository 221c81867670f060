"""transformers' own processor and model, in a process of its own: python transformers_reference.py QUESTIONS ANSWERS

Nothing of Cutsmith is imported here. The processor is the one that needs no torchvision; the other resizes with
torchvision's own filter, whose pixels differ by up to one level.

QUESTIONS: {"folder", "model" (of another class),
"box_threshold", "text_threshold", "pictures": {name: path}, "captions": {name: text}}. ANSWERS,
by "PICTURE/...": logits (N, T) and boxes (N, 4), raw; scores (K,) and pixels (K, 4) of `post_process_...`.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from transformers import AutoTokenizer, GroundingDinoProcessor


def main():
    asked = json.loads(Path(sys.argv[1]).read_text())
    folder = asked["folder"]
    # transformers 5 has one with Pillow beside that with torchvision; in transformers 4 the plain one is it.
    kind = getattr(transformers, "GroundingDinoImageProcessorPil", transformers.GroundingDinoImageProcessor)
    processor = GroundingDinoProcessor(kind.from_pretrained(folder), AutoTokenizer.from_pretrained(folder))
    model_class = getattr(transformers, asked.get("model", "GroundingDinoForObjectDetection"))
    model = model_class.from_pretrained(folder).eval()
    answers = {}
    for picture, path in asked["pictures"].items():
        image = Image.open(path).convert("RGB")
        inputs = processor(images=image, text=asked["captions"][picture], return_tensors="pt")
        with torch.no_grad():
            outputs = model(**inputs)
        answers[f"{picture}/logits"] = outputs.logits[0].numpy()
        answers[f"{picture}/boxes"] = outputs.pred_boxes[0].numpy()
        (found,) = processor.post_process_grounded_object_detection(
            outputs,
            inputs["input_ids"],
            threshold=asked["box_threshold"],
            text_threshold=asked["text_threshold"],
            target_sizes=[(image.height, image.width)],
        )
        answers[f"{picture}/scores"] = found["scores"].numpy()
        answers[f"{picture}/pixels"] = found["boxes"].numpy()
    np.savez(sys.argv[2], **answers)


if __name__ == "__main__":
    main()
