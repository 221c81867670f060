"""The `finetuning` room: a SAM 2 that knows one's own products, and an honest word on whether it is better. A door.

examples   what is learned from: a picture, its product and the true masks of its objects
finding    a user's folders -> examples, by what the folders hold: `sources`
sources    two folders of equal names, COCO's annotations, a batch with a reviewer's verdicts, pictures a service kept
gathering  collects the examples and the faults of a source
grouping   a picture's name -> its product
mask_files a file -> the masks of its objects
faults     the errors that list what is wrong, by file
checking   every picture and mask is opened before the first step
splitting  products -> learned from, or held out
finetune   the whole way, for `cutsmith finetune`
base_network     the network that it begins from, and what of it is trained
presets    what fits a machine
estimate   what a run would take, told beforehand
variants   mirrored and smaller pictures
embedding_cache  what is computed once per picture, on the disk
embeddings what the trainer reads of a picture
prompting  boxes, clicks, rough masks and corrections, drawn from a true mask
losses     what the training makes small
interactive_step one step: pointed at, predicted, corrected
lora       low-rank weights in the image encoder
training_state   where a run stands, on the disk
training   steps, epochs, the watched products, and when it ends
measuring  a network -> how good it is on each held-out object
verdict    baseline and tuned network side by side: is it better?
comparison the figures of both
bootstrap  how sure a mean difference is
explaining the verdict in sentences
forgetting what became of photographs that were not learned from
sheet      the worst held-out pictures as one picture
saving     the tuned network as files
"""
