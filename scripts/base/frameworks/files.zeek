# The Files framework.
