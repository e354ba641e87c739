# Rules for messages of the programs that most hosts run, and what is told of them.

@load messages/wire
@load messages/sshd
@load messages/sudo
@load messages/mail
@load messages/web
@load messages/servers
