"""Canvas and marketplace output: a cut-out laid on a frame of its own, as a shop's pictures need it.

settings      `Canvas`: size, fill, margin, position, shadow
layout        where the subject goes: boxes and scales, no pixels
own_frame     the picture's own frame, cut down to the subject, or with the subject elsewhere in it
resampling    colours and alpha at another size, without fringes
shadow        the soft shadow under a subject that stands on the ground
laying        `lay_out`: a cut-out on its canvas or in its own frame, transparent or on a background
presets       what marketplaces want, as data (presets.toml), and the user's own
checks        what was written, decoded again and compared with what the marketplace wants
of_output     the canvas that the options of an output describe
writing       the bytes of a laid-out cut-out, with what was checked
"""
