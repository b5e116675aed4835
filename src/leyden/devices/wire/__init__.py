"""Wires: how registers get to and from a device. Nothing above knows which library, or which protocol, carries them."""
