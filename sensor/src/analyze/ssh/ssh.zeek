# SSH: what scripts may set, and ssh.log.

@load base/logs/ssh
