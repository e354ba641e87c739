# The Intel framework.
