"""Cutsmith in a ComfyUI.

command      `install.py comfyui FOLDER`
folder       ComfyUI's folder and its Python
node_pack    the entry in custom_nodes
removal      takes both out again
"""
