# Guessing passwords over each protocol that tells of logins.

@load ./main
@load ./ftp
@load ./mysql
@load ./pop3
@load ./radius
@load ./rdp
@load ./sip
@load ./smtp
@load ./ssh
