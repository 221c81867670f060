"""The demo: sample photographs and what is made of them.

command          `install.py demo`
weights          the weights of a removal model
photographs      the sample photographs, out of the scikit-image wheel
contact_sheet    before, mask and after on one sheet
"""
