# Mails about notices name the hosts that they are about.

@load base/frameworks/notice

module Notice;

# Notices whose names are being looked up: the code that waits for one sees copies.
global naming: table[string] of Notice::Info &create_expire=max_email_delay + 10secs;

function look_up(id: string, a: addr, token: string, label: string)
	{
	add naming[id]$email_delay_tokens[token];
	when [id, a, token, label] ( local name = lookup_addr(a) )
		{
		naming[id]$email_body_sections += fmt("%s hostname: %s\n", label, name);
		delete naming[id]$email_delay_tokens[token];
		}
	}

# After it is known whom mails go to, and before they do.
hook Notice::notice(n: Notice::Info) &priority=-1
	{
	if ( |n$email_dest| == 0 )
		return;
	local id = unique_id("");
	naming[id] = n;
	if ( n?$src )
		look_up(id, n$src, "hostnames-src", "orig/src");
	if ( n?$dst )
		look_up(id, n$dst, "hostnames-dst", "resp/dst");
	}
