# The Log framework: streams of records, and filters that say what becomes of them.
