# In Zeek certificates that come again and again have no events with this. Here they have: what was read of them is kept, and
# rows in x509.log are written once a day.

@load base/files/x509
