# The Analyzer framework: which protocols were taken for what they were not. analyzer.log has every rule that was
# broken; dpd.log the protocols that were confirmed, and then given up.

@load base/frameworks/logging
@load base/logs/analyzer
@load base/logs/dpd
