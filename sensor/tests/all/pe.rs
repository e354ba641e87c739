//! pe.log and events of programs, end to end.

use crate::build::{Capture, Client, Server, printed, rows};
use crate::replay::golden;

/// A program for 64 bits that imports, with two sections.
fn program() -> Vec<u8> {
    let dos = [&b"MZ"[..], &[0; 58], &[0x48, 0, 0, 0], &[0xcc; 8]].concat();
    let optional = [
        &[0x0b, 2, 14, 0][..],
        &[0; 20],
        &0x1_4000_0000_u64.to_le_bytes(),
        &[0; 8],
        &[6, 0, 1, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0],
        &[0; 12],
        &[3, 0, 0x40, 1],
        &[0; 36],
        &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0],
    ]
    .concat();
    let file =
        [&b"PE\0\0\x64\x86\x02\0\0\0\0\x60"[..], &[0; 8], &[optional.len() as u8, 0, 0x22, 0]].concat();
    let section = |name: &[u8; 8]| [&name[..], &[0; 28], &[0x20, 0, 0, 0x60]].concat();
    [dos, file, optional, section(b".text\0\0\0"), section(b".data\0\0\0"), vec![1; 100]].concat()
}

fn capture(len: usize) -> Capture {
    let mut capture = Capture::new();
    let program = program();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", program.len());
    let mut talk = capture.talk(40_000, 80);
    talk.send(Client, b"GET /a.exe HTTP/1.1\r\nHost: x\r\n\r\n");
    talk.send(Server, head.as_bytes()).send_in(Server, len, &program).close();
    capture
}

#[test]
fn pe_gives_its_golden_logs() {
    golden::check("pe", &capture(1400));
}

#[test]
fn pe_is_the_same_however_its_bytes_are_cut() {
    for len in [1, 7, 64, 100] {
        let rows = rows(&capture(len));
        assert_eq!(
            rows.fields("pe", ["machine", "os", "subsystem"]),
            [["AMD64", "Windows 7 or Server 2008 R2", "WINDOWS_CUI"]],
            "{len}"
        );
        let row = rows.only("pe");
        assert_eq!((&row["uses_aslr"], &row["has_import_table"]), (&true.into(), &true.into()));
        assert_eq!(row["section_names"], serde_json::json!([".text", ".data"]));
        assert_eq!(row["id"], rows.only("files")["fuid"]);
    }
}

#[test]
fn pe_events_tell_the_headers() {
    let script = "event pe_dos_header(f: fa_file, h: PE::DOSHeader) { print h$signature, h$addr_of_new_exe_header; }
        event pe_dos_code(f: fa_file, code: string) { print |code|; }
        event pe_file_header(f: fa_file, h: PE::FileHeader) { print h$machine, h$ts, |h$characteristics|, 0x20 in h$characteristics; }
        event pe_optional_header(f: fa_file, h: PE::OptionalHeader)
            { print h$magic, h$image_base, h?$base_of_data, h$os_version_major, h$table_sizes; }
        event pe_section_header(f: fa_file, h: PE::SectionHeader) { print h$name, 0x20000000 in h$characteristics; }";
    let want = "MZ, 72\n8\n34404, 1610612736.0, 2, T\n523, 5368709120, F, 6, [0, 8]\n.text, T\n.data, T\n";
    assert_eq!(printed(&capture(1400), &[], script)[0], want);
}
