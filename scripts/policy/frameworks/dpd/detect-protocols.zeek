# Where this was in Zeek before 6.

@load policy/frameworks/analyzer/detect-protocols
