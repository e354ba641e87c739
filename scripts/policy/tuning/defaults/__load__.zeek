# What a busy network is better served with than with the defaults.

@load ./extracted_file_limits
@load ./packet-fragments
@load ./warnings
