# ocsp.log: a row for each certificate that a response tells of. It is written without this as well, which is there for scripts
# that load it.

@load base/logs/ocsp
@load base/logs/files
