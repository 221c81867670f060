"""Grounding DINO from its publisher's checkpoints, by the groundingdino package.

The modules, in the order of the way:

    checkpoint_sizes    which network a checkpoint is for
    vocabulary          BERT's tokenizer, made of its vocabulary alone
    borrowed_globals    settings of other packages, changed while a network is built and then put back
    sentence_bert       the text encoder, on today's transformers
    network             all of that together: checkpoint -> network
"""
