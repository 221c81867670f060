"""BiMatting: a network with binary weights that mattes people, in pictures and in films.

The architecture is another's, which is why it has a folder of its own: H. Qin, L. Ke, X. Ma, M. Danelljan, Y.-W. Tai,
C.-K. Tang, X. Liu, F. Yu, "BiMatting: Efficient Video Matting via Binarization", NeurIPS 2023. Their code and their
checkpoints are MIT (https://github.com/htqin/BiMatting, copyright 2024 Haotong Qin); the parts around the binary ones
follow Robust Video Matting (S. Lin et al., WACV 2022). The code here is Cutsmith's, written from the paper, for
inference alone. The names of its parameters are the publishers', so that their checkpoints load; nothing else in
Cutsmith imports these modules but through `loading`.

The modules, in the order of the way:

    binary      signs in place of values: the activation, the convolution, the layers made of them
    encoder     picture -> features at 1/2, 1/4, 1/8 and 1/16 of its size
    aspp        the deepest features, weighted by a summary of the whole picture
    decoder     features -> full-size features, with a memory from frame to frame
    refiner     what was computed small -> gain and offset that give the alpha of the large picture
    network     all of that together
    frame       one uint8 picture or frame -> alpha at its own size, in bounded memory
    film        frames one after the other
    matter      picture and soft mask -> alpha of the subject that the mask names
    loading     checkpoint -> matter
"""
