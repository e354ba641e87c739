# The Notice framework.
