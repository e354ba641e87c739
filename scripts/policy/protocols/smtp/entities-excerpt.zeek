# The beginning of each part of a mail, for scripts that look at it.

@load base/protocols/smtp

module SMTP;

export {
	redef record SMTP::Entity += {
		## What it begins with.
		excerpt: string &log &default="";
	};

	## So many bytes of each part, and no more than default_file_bof_buffer_size.
	option default_entity_excerpt_len = 0;
}

event file_new(f: fa_file) &priority=5
	{
	if ( default_entity_excerpt_len == 0 || f$source != "SMTP" || ! f?$bof_buffer || ! f?$conns )
		return;
	for ( _, c in f$conns )
		if ( c?$smtp && c$smtp?$entity )
			c$smtp$entity$excerpt = f$bof_buffer[0:default_entity_excerpt_len];
	}
