"""The `finetuning` room: a SAM 2 that knows one's own products, and an honest word on whether it is better. A door.

examples   what is learned from: a picture, its product and the true masks of its objects
"""
