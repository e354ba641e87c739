# Fragments of packets whose others do not come are given up.

redef frag_timeout = 5 min;
