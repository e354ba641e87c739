# The Config framework.
