# Guessing passwords over each protocol that tells of logins. PostgreSQL is read for it (protocols/postgresql/log).

@load ./main
@load ./ftp
@load ./http
@load ./imap
@load ./krb
@load ./ldap
@load ./login
@load ./mysql
@load ./ntlm
@load ./pop3
@load ./postgresql
@load ./radius
@load ./rdp
@load ./sip
@load ./smtp
@load ./ssh
