# Commands that change the folder are kept among those whose replies the folder follows, and rows of ftp.log are made
# for them as well.

@load base/protocols/ftp

module FTP;

redef logged_commands += { "CWD", "CDUP", "PWD" };
