"""Grounding DINO's text encoder on transformers 5.

Grounding DINO feeds BERT several phrases as one text, with an attention mask for each *pair* of tokens, (N, T, T), that
keeps every phrase to itself, and with positions that begin anew at each phrase. Upstream's `BertModelWarper` takes a
`BertModel` apart and runs its parts with that mask; for this it borrows two methods (`get_extended_attention_mask`,
`get_head_mask`) that transformers 5 no longer has, so that it fails before the first picture.

Both did little: the first made the mask additive and gave it an axis for the heads, the second returned nothing where
no head is masked. `SentenceBert` does the same with the parts of transformers 5 (and 4): embeddings, then
encoder, with the mask as booleans (N, 1, T, T), which PyTorch's `scaled_dot_product_attention` takes as they are. Each
token sees at least itself, so no row is empty. The pooler, whose weights official checkpoints hold, is kept but not
run: upstream computes its output and never reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def sentence_bert(sizes: dict[str, int]) -> torch.nn.Module:
    """A BERT of `sizes`, which are keywords of transformers' `BertConfig`, with random weights; nothing is downloaded.

    Its tensors have the names of official checkpoints (`embeddings.`, `encoder.`, `pooler.`); it is called as Grounding
    DINO calls its `bert`, and gives `{"last_hidden_state": float (N, T, hidden_size)}`.
    """
    import torch
    from transformers import BertConfig, BertModel

    class SentenceBert(torch.nn.Module):  # type: ignore[misc]  # torch's types are not followed
        """BERT whose attention is masked for each pair of tokens."""

        def __init__(self, bert: BertModel) -> None:
            super().__init__()
            self.config = bert.config
            self.embeddings = bert.embeddings
            self.encoder = bert.encoder
            self.pooler = bert.pooler

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor,
            position_ids: torch.Tensor,
        ) -> dict[str, Any]:
            embedded = self.embeddings(input_ids=input_ids, token_type_ids=token_type_ids, position_ids=position_ids)
            encoded = self.encoder(embedded, attention_mask=attention_mask[:, None].bool())
            return {"last_hidden_state": encoded.last_hidden_state}

    # Named, because the other implementations of attention take their masks in other forms.
    return SentenceBert(BertModel(BertConfig(**sizes, attn_implementation="sdpa")))
