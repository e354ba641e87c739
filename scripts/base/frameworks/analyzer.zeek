# The Analyzer framework.
