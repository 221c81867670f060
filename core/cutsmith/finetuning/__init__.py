"""The `finetuning` room: a SAM 2 that knows one's own products, and an honest word on whether it is better. A door.

examples   what is learned from: a picture, its product and the true masks of its objects
measuring  a network -> how good it is on each held-out object
verdict    baseline and tuned network side by side: is it better?
comparison the figures of both
bootstrap  how sure a mean difference is
explaining the verdict in sentences
forgetting what became of photographs that were not learned from
sheet      the worst held-out pictures as one picture
saving     the tuned network as files
"""
