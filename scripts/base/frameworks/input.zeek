# The Input framework.
