# `to_json` is native; this file answers to its path.
