//! Built-in functions with what they answer.

use crate::common::{init, prints, script_prints};

#[test]
fn strings() {
    prints(
        "print to_upper(\"aB\"), to_lower(\"aB\"), |strip(\"  x \")|, reverse(\"abc\"), sub_bytes(\"hello\", 2, 3);",
        "AB, ab, 1, cba, ell\n",
    );
    prints(
        "print split_string(\"a,b,c\", /,/), split_string1(\"a,b,c\", /,/), split_string_all(\"a,b\", /,/);",
        "[a, b, c], [a, b,c], [a, ,, b]\n",
    );
    prints(
        "print join_string_vec(vector(\"a\", \"b\"), \"-\"), cat(\"x\", 1, T), cat_sep(\":\", \"?\", \"a\", \"\", \"b\");",
        "a-b, x1T, a:?:b\n",
    );
    prints(
        "print sub(\"aab\", /a/, \"x\"), gsub(\"aab\", /a+/, \"x\"), subst_string(\"aXbX\", \"X\", \"-\");",
        "xab, xb, a-b-\n",
    );
    prints(
        "print strstr(\"hello\", \"l\"), find_str(\"hello\", \"l\"), rfind_str(\"hello\", \"l\"), count_substr(\"aaa\", \"a\");",
        "3, 2, 3, 3\n",
    );
    prints(
        "print starts_with(\"abc\", \"ab\"), ends_with(\"abc\", \"ab\"), is_num(\"12\"), is_alpha(\"a1\"), is_ascii(\"\\xff\");",
        "T, F, T, F, F\n",
    );
    prints(
        "print ljust(\"a\", 3, \".\"), rjust(\"a\", 3, \".\"), zfill(\"-7\", 4), swap_case(\"aB\"), to_title(\"a bc\");",
        "a.., ..a, -007, Ab, A Bc\n",
    );
    prints(
        "print levenshtein_distance(\"kitten\", \"sitting\"), edit(\"hello there\", \"e\");",
        "3, llo t\n",
    );
    prints(
        "print clean(\"a\\x00b\"), escape_string(\"a\\\\b\"), to_string_literal(\"a'b\");",
        "a\\x00b, a\\\\b, a\\'b\n",
    );
    prints(
        "print find_all_ordered(\"a1b22\", /[0-9]+/), find_last(\"a1b22\", /[0-9]+/), match_pattern(\"xaby\", /a(b)?/)$str;",
        "[1, 22], 2, ab\n",
    );
}

#[test]
fn hexdump_lines() {
    prints(
        "print hexdump(\"abcdefghijklmnopq\") == \"0000  61 62 63 64 65 66 67 68  69 6a 6b 6c 6d 6e 6f 70  abcdefgh ijklmnop\\n0010  71                                                q\\n\";",
        "T\n",
    );
}

#[test]
fn formatting() {
    prints(
        "print fmt(\"%d %x %5d|%-5d|%05d\", 42, 255, 1, 2, 3), fmt(\"%%\"), fmt(\"%s\", 1sec);",
        "42 ff     1|2    |00003, %, 1.0 sec\n",
    );
    prints(
        "print fmt(\"%.2f %e %g %.3g\", 3.14159, 12345.678, 0.0001, 310.0), fmt(\"%5s|%-5s|\", \"a\", \"b\");",
        "3.14 1.234568e+04 0.0001 310,     a|b    |\n",
    );
    prints(
        "print fmt(\"%x\", 127.0.0.1), fmt(\"%T\", double_to_time(0.5)), fmt(\"%s %s\", T, [$a=1]);",
        "7f000001, 1970-01-01-00:00:00.500000, T [a=1]\n",
    );
    let r = init("print fmt(\"%d\"); print fmt(\"x\", 1);");
    // Seen when it is compiled, and again when it runs.
    for (begin, expected) in [("warning", 2), ("error", 2)] {
        assert_eq!(r.err.lines().filter(|line| line.starts_with(begin)).count(), expected, "{}", r.err);
    }
}

#[test]
fn conversions() {
    prints(
        "print to_count(\"7\"), to_int(\"-7\"), to_double(\"1.5\"), to_count(\"ff\", 16), int_to_count(3), double_to_count(2.5);",
        "7, -7, 1.5, 255, 3, 2\n",
    );
    prints(
        "print to_addr(\"::1\"), to_subnet(\"10.0.0.0/8\"), to_port(\"53/udp\"), count_to_v4_addr(16909060);",
        "::1, 10.0.0.0/8, 53/udp, 1.2.3.4\n",
    );
    prints(
        "print bytestring_to_hexstr(\"\\x01\\xff\"), |hexstr_to_bytestring(\"01ff\")|, bytestring_to_count(\"\\x01\\x00\"), bytestring_to_count(\"\\x01\\x00\", T);",
        "01ff, 2, 256, 1\n",
    );
    prints(
        "print encode_base64(\"bro\"), decode_base64(\"YnJv\"), unescape_URI(\"a%20b\");",
        "YnJv, bro, a b\n",
    );
    prints(
        "print type_name(1), type_name(set(1)), type_name([$a=1]), type_name(function(a: count): bool { return T; });",
        "count, set[count], record { a:count; }, function(a:count;) : bool\n",
    );
}

#[test]
fn addresses() {
    prints(
        "print mask_addr(1.2.3.4, 16), is_v6_addr([::1]), subnet_width(10.0.0.0/8), addr_to_ptr_name(1.2.3.4), ptr_name_to_addr(\"4.3.2.1.in-addr.arpa\");",
        "1.2.0.0/16, T, 8, 4.3.2.1.in-addr.arpa, 1.2.3.4\n",
    );
    prints(
        "print addr_to_counts(1.2.3.4), counts_to_addr(vector(16909060)), get_port_transport_proto(53/udp), fmt_ftp_port(1.2.3.4, 258/tcp);",
        "[16909060], 1.2.3.4, udp, 1,2,3,4,1,2\n",
    );
    prints(
        "print parse_ftp_port(\"1,2,3,4,1,2\"), parse_ftp_epsv(\"(|||258|)\")$p;",
        "[h=1.2.3.4, p=258/tcp, valid=T], 258/tcp\n",
    );
    prints(
        "local id: conn_id = [$orig_h=128.232.110.120, $orig_p=34855/tcp, $resp_h=66.35.250.204, $resp_p=80/tcp]; print community_id_v1(id);",
        "1:LQU9qZlK+B5F3KDmev6m5PMibrg=\n",
    );
}

#[test]
fn containers() {
    prints(
        "print sort(vector(3, 1, 2)), order(vector(3, 1, 2)), sort(vector(\"b\", \"a\"), strcmp);",
        "[1, 2, 3], [1, 2, 0], [a, b]\n",
    );
    prints(
        "print sort(vector(1, 2, 3), function(a: count, b: count): int { return b > a ? 1 : -1; });",
        "[3, 2, 1]\n",
    );
    prints(
        "local v = vector(1, 2); print resize(v, 4), v; local t = table([1] = 2); clear_table(t); print |t|;",
        "2, [1, 2, , ]\n0\n",
    );
    prints(
        "print table_keys(table([1] = \"a\")), table_values(table([1] = \"a\")), any_set(vector(F, T)), all_set(vector(F, T));",
        "[1], [a], T, F\n",
    );
    prints(
        "local n: set[subnet] = { 10.0.0.0/8, 10.1.0.0/16 }; print matching_subnets(10.1.2.0/24, n), check_subnet(10.0.0.0/8, n), |filter_subnet_table(10.1.2.3/32, n)|;",
        "[10.1.0.0/16, 10.0.0.0/8], T, 2\n",
    );
    prints(
        "local r = [$a=vector(1)]; local c = copy(r); c$a += 2; print r, c, same_object(r, r), same_object(r, c);",
        "[a=[1]], [a=[1, 2]], T, F\n",
    );
}

#[test]
fn hashes() {
    prints(
        "print md5_hash(\"a\", \"b\"), sha1_hash(\"\"), |sha256_hash(\"x\")|, fnv1a32(\"0\");",
        "187ef4436122d1cc2f40dc2b92f0eba0, da39a3ee5e6b4b0d3255bfef95601890afd80709, 64, 890022063\n",
    );
    prints(
        "local h = md5_hash_init(); md5_hash_update(h, \"a\"); md5_hash_update(h, \"b\"); print md5_hash_finish(h);",
        "187ef4436122d1cc2f40dc2b92f0eba0\n",
    );
    prints("print crc32(\"123456789\");", "3421780262\n");
}

#[test]
fn times() {
    prints(
        "print strftime(\"%Y-%m-%d %H:%M:%S\", double_to_time(1000000000.0)), strptime(\"%Y-%m-%d\", \"2001-09-09\");",
        "2001-09-09 01:46:40, 999993600.0\n",
    );
    prints(
        "print time_to_double(double_to_time(1.5)), interval_to_double(2min), double_to_interval(61.0);",
        "1.5, 120.0, 1.0 min 1.0 sec\n",
    );
}

#[test]
fn numbers() {
    prints(
        "print floor(1.7), ceil(1.2), round(2.5), sqrt(9.0), exp(0.0), ln(1.0), log10(100.0), pow(2.0, 3.0);",
        "1.0, 2.0, 3.0, 3.0, 1.0, 0.0, 2.0, 8.0\n",
    );
}

#[test]
fn json() {
    prints(
        "print to_json([$a=1, $b=\"x\\\"\", $c=vector(T), $d=set(\"s\"), $e=table([\"k\"] = 1.5), $f=80/tcp, $g=1.2.3.4]);",
        "{\"a\":1,\"b\":\"x\\\"\",\"c\":[true],\"d\":[\"s\"],\"e\":{\"k\":1.5},\"f\":{\"port\":80,\"proto\":\"tcp\"},\"g\":\"1.2.3.4\"}\n",
    );
    // As in logs: where one byte shows nothing, all beyond ASCII are numbers.
    prints(
        r#"print to_json("caf\xc3\xa9\n"), to_json("caf\xc3\xa9\xff"), to_json("\xc2\x85");"#,
        "\"caf\u{e9}\\n\", \"caf\\\\xc3\\\\xa9\\\\xff\", \"\\\\xc2\\\\x85\"\n",
    );
    script_prints(
        "type R: record { a: count; b: vector of string; c: port &optional; d: interval &optional; };
         event zeek_init() { print from_json(\"{\\\"a\\\": 1, \\\"b\\\": [\\\"x\\\"], \\\"c\\\": \\\"53/udp\\\", \\\"d\\\": 1.5}\", R)$v; print from_json(\"{\", R)$valid; print from_json(\"{\\\"a\\\": true}\", R)$err; }",
        "[a=1, b=[x], c=53/udp, d=1.0 sec 500.0 msecs]\nF\ncannot convert JSON type 'true' to Zeek type 'count' for field 'a'\n",
    );
}

#[test]
fn sketches() {
    prints(
        "local t = topk_init(3); topk_add(t, \"a\"); topk_add(t, \"a\"); topk_add(t, \"b\"); print topk_get_top(t, 1), topk_count(t, \"a\"), topk_sum(t);",
        "[a], 2, 3\n",
    );
    prints(
        "local b = bloomfilter_basic_init(0.01, 100); bloomfilter_add(b, \"x\"); print bloomfilter_lookup(b, \"x\"), bloomfilter_lookup(b, \"y\");",
        "1, 0\n",
    );
    prints(
        "local b = bloomfilter_counting_init(3, 64, 3); bloomfilter_add(b, 1); bloomfilter_add(b, 1); print bloomfilter_lookup(b, 1), bloomfilter_decrement(b, 1), bloomfilter_lookup(b, 1);",
        "2, T, 1\n",
    );
    prints(
        "local h = hll_cardinality_init(0.01, 0.95); local i = 0; while ( i < 5000 ) { hll_cardinality_add(h, i); ++i; } local e = hll_cardinality_estimate(h); print e > 4900.0 && e < 5100.0;",
        "T\n",
    );
}

#[test]
fn entropy() {
    prints("local e = find_entropy(\"aabb\"); print e$entropy, e$mean;", "1.0, 97.5\n");
}

#[test]
fn options_change() {
    script_prints(
        "option o = 1;
         function seen(id: string, v: count): count { print id, v; return v + 1; }
         event zeek_init() { Option::set_change_handler(\"o\", seen); print Option::set(\"o\", 5), o; }",
        "o, 5\nT, 6\n",
    );
}

#[test]
fn introspection() {
    script_prints(
        "module M; export { type R: record { a: count &log; b: string &optional; }; global g = 3; }
         event zeek_init() { print lookup_ID(\"M::g\"), record_fields(M::R)[\"a\"]$log, record_type_to_vector(\"M::R\"), is_event_handled(\"zeek_init\"), global_ids()[\"M::g\"]$type_name; }",
        "3, T, [a, b], T, count\n",
    );
}

#[test]
fn event_groups() {
    script_prints(
        "global e: event();
         event e() &group=\"g\" { print \"grouped\"; }
         event e() { print \"plain\"; }
         global again: event();
         event again() { disable_event_group(\"g\"); event e(); }
         event zeek_init() { event e(); event again(); }",
        "grouped\nplain\nplain\n",
    );
}

#[test]
fn names_of_netbios_are_decoded() {
    prints(
        "local n = \"fhepfcelehfcepfffacacacacacacabl\"; print decode_netbios_name(n), decode_netbios_name_type(n); print decode_netbios_name(\"x\"), decode_netbios_name_type(\"\");",
        "WORKGROUP, 27\n, 0\n",
    );
}

#[test]
fn paraglobs_find_what_shells_would() {
    prints(
        "local p = paraglob_init(vector(\"*\", \"d?g\", \"*og\", \"d?\", \"d[!wl]g\", \"a\\\\*\", \"[x\")); print paraglob_match(p, \"dog\"), paraglob_match(p, \"a*\"), paraglob_match(p, \"[x\"); print paraglob_equals(p, copy(p)), paraglob_equals(p, paraglob_init(vector(\"a\")));",
        "[*, *og, d?g, d[!wl]g], [*, a\\*], [*, [x]\nT, F\n",
    );
}

#[test]
fn versions_are_taken_apart() {
    script_prints(
        "@load base/misc/version\nevent zeek_init() { local v = Version::parse(\"2.6.4-beta2-45-debug\"); print v$version_number, v$beta, v$commit, v$debug, Version::at_least(\"3.0\"), Version::at_least(\"99.1\"); }",
        "20604, T, 45, T, T, F\n",
    );
}
