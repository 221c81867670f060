"""Upstream's own Grounding DINO, in a process of its own: python upstream_reference.py QUESTIONS.json ANSWERS.npz

Nothing of Cutsmith is imported here. The network is built, loaded and shown pictures by the `groundingdino` package's
public functions: `load_model`, `load_image`, `preprocess_caption`.

Two things are put under it. Sizes of Swin that it has no name for are given to its own `SwinTransformer`. And on
transformers 5, where its `BertModelWarper` fails, the text goes through transformers' whole `BertModel`, called as
anybody calls it, with the mask of token pairs made additive by the formula of transformers 4's
`get_extended_attention_mask`: (1 - mask) * lowest number. On transformers 4 the wrapper is upstream's, untouched. The
module of those functions also imports supervision, to draw with: a dummy takes its place.

QUESTIONS: {"checkpoint", "vocabulary", "detector": {}, "swin": {} or null, "bert": {}, "pictures": {name: path},
"captions": {name: text}}. ANSWERS: "PICTURE/logits" float32 (N, 256) and "PICTURE/boxes" float32 (N, 4), both raw.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from unittest.mock import MagicMock

import groundingdino.config.GroundingDINO_SwinT_OGC as published
import groundingdino.models.GroundingDINO.backbone.backbone as backbone
import groundingdino.models.GroundingDINO.groundingdino as source
import numpy as np
import torch
import transformers
from groundingdino.models.GroundingDINO.backbone.swin_transformer import SwinTransformer
from groundingdino.util.misc import clean_state_dict
from transformers import BertConfig, BertModel

sys.modules["supervision"] = MagicMock()
from groundingdino.util.inference import load_image, load_model, preprocess_caption  # noqa: E402


class WholeBert(torch.nn.Module):
    """`BertModel`, which keeps its tensors under the names of the checkpoint."""

    def __init__(self, bert_model):
        super().__init__()
        self.config = bert_model.config
        self.embeddings, self.encoder, self.pooler = bert_model.embeddings, bert_model.encoder, bert_model.pooler
        self.whole = [bert_model]  # in a list, so that its tensors have no second name

    def forward(self, input_ids, attention_mask, token_type_ids, position_ids):
        mask = attention_mask[:, None, :, :].to(torch.float32)
        return self.whole[0](
            input_ids=input_ids,
            attention_mask=(1.0 - mask) * torch.finfo(torch.float32).min,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
        )


def main():
    asked = json.loads(Path(sys.argv[1]).read_text())
    if int(transformers.__version__.split(".")[0]) >= 5:
        source.BertModelWarper = WholeBert
    if asked["swin"] is not None:
        backbone.build_swin_transformer = lambda _name, **settings: SwinTransformer(**{**settings, **asked["swin"]})
    with tempfile.TemporaryDirectory() as name:
        text_encoder = Path(name) / "text_encoder"
        BertModel(BertConfig(**asked["bert"])).save_pretrained(text_encoder)
        shutil.copy(asked["vocabulary"], text_encoder / "vocab.txt")
        changes = {**asked["detector"], "text_encoder_type": str(text_encoder)}
        config = Path(name) / "config.py"
        lines = [Path(published.__file__).read_text(), *(f"{key} = {value!r}" for key, value in changes.items())]
        config.write_text("\n".join(lines) + "\n")
        model = load_model(str(config), asked["checkpoint"], device="cpu")
    # `load_model` says nothing of tensors that it did not find.
    given = clean_state_dict(torch.load(asked["checkpoint"], map_location="cpu", weights_only=True)["model"])
    for tensor_name, tensor in model.state_dict().items():
        assert torch.equal(tensor, given[tensor_name]), tensor_name
    answers = {}
    for picture, path in asked["pictures"].items():
        _, image = load_image(path)
        with torch.no_grad():
            outputs = model(image[None], captions=[preprocess_caption(asked["captions"][picture])])
        answers[f"{picture}/logits"] = outputs["pred_logits"][0].numpy()
        answers[f"{picture}/boxes"] = outputs["pred_boxes"][0].numpy()
    np.savez(sys.argv[2], **answers)


if __name__ == "__main__":
    main()
