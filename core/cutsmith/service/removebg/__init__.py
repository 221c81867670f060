"""remove.bg's API, version 1.0, on this engine.

refusal       `Refused`: what is wrong with a request, by the API's own code
dialect       every failure in the API's form
geometry      roi, crop_margin, scale and position -> numbers
colour        bg_color -> a colour and its opacity
shadows       add_shadow, shadow_type and shadow_opacity -> how dark the shadow becomes
sizes         size -> how many pixels the result has at most
wanted        all fields of a request, checked
sources       the picture, and the one behind it, wherever they come from
cutting       POST /v1.0/removebg
answering     a cut-out in its frame -> the bytes and headers of the answer
account       GET /v1.0/account
improving     POST /v1.0/improve
"""
