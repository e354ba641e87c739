//! nightjar, a passive network security monitor.
