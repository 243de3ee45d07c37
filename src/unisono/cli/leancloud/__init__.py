"""`unisono import leancloud`: what an application had there, brought to a running server."""
