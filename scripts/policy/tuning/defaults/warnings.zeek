# Handlers of events that nothing raises are told of when scripts are read, without a setting: this loads nothing.
