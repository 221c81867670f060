"""Cutsmith in a ComfyUI.

command      `install.py comfyui FOLDER`
folder       ComfyUI's folder and its Python
node_pack    the entry in custom_nodes
samples      the workflows' pictures, in ComfyUI's folder `input`
removal      takes all of them out again
"""
