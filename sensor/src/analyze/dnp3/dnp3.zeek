# DNP3: what scripts find of it beside what dnp3.log has.

@load base/logs/dnp3
@load base/protocols/dnp3/consts
