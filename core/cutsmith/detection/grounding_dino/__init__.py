"""Grounding DINO from its publisher's checkpoints, by the groundingdino package.

checkpoint_sizes    which network a checkpoint is for
vocabulary          BERT's tokenizer from its vocabulary alone
borrowed_globals    what the package does to globals, undone
sentence_bert       its text encoder with today's transformers
network             all of that together: checkpoint -> network
"""
