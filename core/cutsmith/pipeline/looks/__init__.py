"""The second look: where a removal model is in doubt, it sees the picture again, in other views.

views           the picture mirrored, and padded where the frame cuts its subject; a view's mask brought back
decidedness     how sure a mask is of itself, and how much of the frame it touches
choice          which view's mask is taken, and why
second_look     the way through them
"""
