# Options that change at run time, and the reporter.

global Option::set: function(ID: string, val: any, location: string &default=""): bool;
global Option::set_change_handler: function(ID: string, on_change: any, priority: int &default=0): bool;
global Option::any_set_to_any_vec: function(v: any): any_vec;

# Whether what the reporter says goes to standard error too, once zeek_init is done.
const Reporter::info_to_stderr = T &redef;
const Reporter::warnings_to_stderr = T &redef;
const Reporter::errors_to_stderr = T &redef;

global Reporter::info: function(msg: string): bool;
global Reporter::warning: function(msg: string): bool;
global Reporter::error: function(msg: string): bool;
global Reporter::fatal: function(msg: string);
global Reporter::fatal_error_with_core: function(msg: string);
