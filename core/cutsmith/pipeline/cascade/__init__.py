"""The cascade: where a result is in doubt, the picture is cut out in better and slower ways, and the best is kept.

attempt         one mask, and what is thought of it; which of several is the best
other_way       the way after the second look: SAM 2 or a removal model, asked with the box of what was found
routing         first look -> second look -> another way, each only while there is doubt
enclosed        what shows through a subject is taken out
"""
