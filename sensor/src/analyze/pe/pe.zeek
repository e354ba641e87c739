# Programs: pe.log.

@load base/logs/pe
@load base/logs/files

module PE;

export {
	## Called when a file is seen to be a program.
	global set_file: hook(f: fa_file);
}
