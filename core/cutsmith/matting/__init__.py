"""Soft mask -> trimap -> alpha -> foreground."""
