# Events when a connection has grown to a size.
