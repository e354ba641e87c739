//! Names of numbers, for scripts.

use std::collections::BTreeSet;
use std::fmt::Write;

use nightjar_protocols::tls::names::tables;

/// Tables that give the names of numbers, as Zeek's do.
pub(super) fn zeek() -> String {
    let mut text = String::from("# Names of TLS' numbers.\n\nmodule SSL;\n\nexport {\n");
    for (table, names) in tables() {
        let _ = writeln!(text, "\tconst {table}: table[count] of string = {{");
        for (number, name) in names {
            let _ = writeln!(text, "\t\t[{number}] = \"{name}\",");
        }
        // RFC 8701: 0x?a?a, both digits the same.
        text.push_str(
            "\t} &default=function(n: count): string\n\t\t{\n\
             \t\tif ( n <= 0xffff && n % 0x0101 == 0 && n % 16 == 10 )\n\
             \t\t\treturn cat(\"grease_0x\", to_upper(fmt(\"%04x\", n)));\n\t\treturn fmt(\"unknown-%d\", n);\n\t\t};\n",
        );
    }
    text.push_str(CONSTANTS);
    for (table, names) in tables() {
        let prefix = match table {
            "extensions" => "SSL_EXTENSION_",
            "cipher_desc" => "",
            _ => continue,
        };
        let mut told = BTreeSet::new();
        for (number, name) in names {
            let name =
                if prefix.is_empty() { name.to_owned() } else { name.to_uppercase().replace(' ', "_") };
            let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            // Some numbers share a name.
            if is_plain && told.insert(name.clone()) {
                let _ = writeln!(text, "\tconst {prefix}{name} = {number};");
            }
        }
    }
    text.push_str("}\n");
    text
}

/// What stands before the constants by name.
const CONSTANTS: &str = "\n\t# The numbers by their names.\n";
