//! Rows for executables, fonts, databases and what else programs write.

use super::*;

/// An ELF file of this type, in either byte order.
macro_rules! elf {
    (little $mime:expr, $kind:literal) => {
        row(
            50,
            $mime,
            &[Lit(b"\x7fELF"), In(&Class::of(b"\x01\x02")), Lit(b"\x01"), Any(10), Lit(&[$kind, 0])],
        )
    };
    (big $mime:expr, $kind:literal) => {
        row(
            50,
            $mime,
            &[Lit(b"\x7fELF"), In(&Class::of(b"\x01\x02")), Lit(b"\x02"), Any(10), Lit(&[0, $kind])],
        )
    };
}

/// A compiled Python file: the low byte of the version's magic number, its high byte, CR LF.
macro_rules! python {
    ($low:expr, $high:literal) => {
        row(80, "application/x-python-bytecode", &[In(&$low), Lit(&[$high, b'\r', b'\n'])])
    };
}

pub(super) static EXECUTABLES: &[Rule] = &[
    row(51, "application/x-dosexec", &[Lit(b"MZ")]),
    row(190, "application/x-dosexec", &[Within(368, 369), Lit(b"MICROSOFT PIFEX\0")]),
    elf!(little "application/x-object", 1),
    elf!(big "application/x-object", 1),
    elf!(little "application/x-executable", 2),
    elf!(big "application/x-executable", 2),
    elf!(little "application/x-sharedlib", 3),
    elf!(big "application/x-sharedlib", 3),
    elf!(little "application/x-coredump", 4),
    elf!(big "application/x-coredump", 4),
    row(100, MACH_O, &[OneOf(&[b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"])]),
    row(100, MACH_O, &[Lit(b"\xca\xfe\xba\xbe"), Any(2), Lit(b"\0"), In(&Class::of(b"").and(0x01, 0x14))]),
    row(
        71,
        "application/x-java-applet",
        &[Lit(b"\xca\xfe\xba\xbe"), Any(3), In(&Class::of(b"").and(0x2d, 0x34))],
    ),
    row(1, "application/x-java-pack200", &[Lit(b"\xca\xfe\xd0\x0d"), Any(1)]),
    row(
        100,
        "application/java-archive",
        &[Lit(b"PK\x03\x04"), Within(1, 200), Lit(b"\x14\0"), Any(2), Lit(b"META-INF/MANIFEST.MF")],
    ),
    row(60, "application/x-shockwave-flash", &[OneOf(&[b"FWS", b"CWS", b"ZWS"])]),
    row(10, "application/x-elc", &[Lit(b";ELC"), In(&Class::of(b"").and(0x00, 0x1f).and(0x80, 0xff))]),
    row(49, "application/x-ms-shortcut", &[Lit(b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46")]),
    // Python 1 to 3.14, together where the high byte is the same.
    python!(Class::of(b"\xfc"), 0xc4),
    python!(Class::of(b"\x99"), 0x4e),
    python!(Class::of(b"\x87"), 0xc6),
    python!(Class::of(b"\x2a\x2d"), 0xed),
    python!(Class::of(b"\x3b\x45\x59\x63\x6d\x77\x81\x8b\x8c\x95\x9f\xa9\xb3\xc7\xd1\xdb\xe5\xef\xf9"), 0xf2),
    python!(Class::of(b"\x03"), 0xf3),
    python!(Class::of(b"\xb8\xc2\xcc\xd6\xe0\xea\xf4\xf5\xff"), 0x0b),
    python!(
        Class::of(
            b"\x09\x13\x1d\x1f\x27\x3b\x45\x4f\x58\x62\x6c\x76\x80\x94\x9e\xb2\xcc\xc6\xd0\xda\xe4\xee\xf8"
        ),
        0x0c
    ),
    python!(
        Class::of(b"\x02\x0c\x16\x17\x20\x21\x48\x49")
            .and(0x2a, 0x2d)
            .and(0x2f, 0x33)
            .and(0x3e, 0x42)
            .and(0x52, 0x55)
            .and(0x5c, 0x61)
            .and(0x66, 0x6f)
            .and(0x7a, 0xa7)
            .and(0xac, 0xcb)
            .and(0xde, 0xf3),
        0x0d
    ),
    python!(Class::of(b"").and(0x10, 0x19), 0x0e),
];

const MACH_O: &str = "application/x-mach-o-executable";

/// Fonts, databases, disk images, captures, registry files and what else programs write.
pub(super) static DATA: &[Rule] = &[
    row(70, "application/font-woff2", &[Lit(b"wOF2")]),
    row(70, "application/font-woff", &[Lit(b"wOFF")]),
    row(80, "application/x-font-ttf", &[Lit(b"\0\x01\0\0\0")]),
    row(50, "application/vnd.ms-fontobject", &[Any(34), Lit(b"LP")]),
    row(70, "application/x-font-sfn", &[OneOf(SNF), Any(100), OneOf(SNF)]),
    row(70, "application/vnd.ms-opentype", &[Lit(b"OTTO")]),
    row(160, "application/vnd.font-fontforge-sfd", &[Lit(b"SplineFontDB:")]),
    row(70, "application/vnd.tcpdump.pcap", &[OneOf(&[b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1"])]),
    row(
        100,
        "application/vnd.tcpdump.pcap",
        &[Lit(b"\n\r\r\n"), Any(4), OneOf(&[b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a"])],
    ),
    row(49, "application/vnd.ms-pol", &[Lit(b"PReg")]),
    row(49, "application/vnd.ms-reg", &[Lit(b"REGEDIT4")]),
    row(49, "application/vnd.ms-reg", &[Lit(REGEDIT_UTF16)]),
    row(49, "application/vnd.ms-regf", &[Lit(b"regf")]),
    row(0, "application/vnd.apple-afpinfo", &[Lit(b"AFP")]),
    row(100, "application/skp", &[Lit(b"\xff\xfe\xff\x0eS\0k\0e\0t\0c\0h\0U\0p\0 \0M\0o\0d\0e\0l\0")]),
    row(100, "application/x-ms-dds", &[Lit(b"DDS")]),
    row(100, "application/bsdiff", &[Lit(b"BSDIFF")]),
    row(100, "application/bindiff", &[Lit(b"DIFF")]),
    row(100, "application/x-kaspavdb", &[Lit(b"KLZF")]),
    row(100, "application/x-kaspavupdate", &[Lit(b"KLD2")]),
    row(100, "application/mssql-bak", &[Lit(b"MSSQLBAK")]),
    row(100, "application/mtf", &[Lit(b"TAPE")]),
    row(100, "application/bplist", &[Lit(b"bplist")]),
    row(100, "application/x-game-mpq", &[Lit(b"MPQ\x1a")]),
    row(100, "application/x-blizgame", &[Lit(b"BLTE")]),
    row(100, "application/map-tile", &[Lit(b"VMP4")]),
    row(100, "application/chrome-ext", &[Lit(b"Cr24")]),
    row(70, "application/chrome-ext-upd", &[Lit(b"CrOD")]),
    row(100, "application/msqm", &[Lit(b"MSQM")]),
    row(100, "application/x-vim-tmp", &[Lit(b"b0VIM")]),
    row(50, "application/x-windows-minidump", &[Lit(b"MDMP")]),
    row(40, "application/x-tokyocabinet-hash", &[TOKYO, Any(18), Lit(b"\0")]),
    row(40, "application/x-tokyocabinet-btree", &[TOKYO, Any(18), Lit(b"\x01")]),
    row(40, "application/x-tokyocabinet-fixed", &[TOKYO, Any(18), Lit(b"\x02")]),
    row(40, "application/x-tokyocabinet-table", &[TOKYO, Any(18), Lit(b"\x03")]),
    row(140, "application/x-bittorrent", &[Lit(b"d8:announce")]),
    row(
        80,
        "application/vnd.fdo.journal",
        &[Lit(b"LPKSHHRH"), Any(8), In(&Class::of(b"").and(0, 3)), Any(7), Run(&NOT_NUL, 48, 48)],
    ),
    row(110, "application/x-hdf", &[Lit(b"\x89HDF\r\n\x1a\n")]),
    row(70, "application/x-hdf", &[Lit(b"\x0e\x03\x13\x01")]),
    row(70, "application/dicom", &[Within(127, 128), Lit(b"DICM")]),
    row(70, "application/x-epoc-agenda", &[Lit(b"\x50\0\0\x10\x6d\0\0\x10\x84\0\0\x10")]),
    row(70, "application/x-epoc-data", &[Lit(b"\x50\0\0\x10\x6d\0\0\x10\x86\0\0\x10")]),
    row(70, "application/x-epoc-jotter", &[Lit(b"\x50\0\0\x10\x6d\0\0\x10\xea\x0c\0\x10")]),
    row(70, "application/x-epoc-word", &[Lit(b"\x37\0\0\x10\x6d\0\0\x10\x7f\0\0\x10")]),
    row(70, "application/x-epoc-opl", &[Lit(b"\x37\0\0\x10\x6d\0\0\x10\x85\0\0\x10")]),
    row(70, "application/x-epoc-sheet", &[Lit(b"\x37\0\0\x10\x6d\0\0\x10\x88\0\0\x10")]),
    row(70, "application/x-epoc-opo", &[Lit(b"\x37\0\0\x10\x73\0\0\x10")]),
    row(70, "application/x-epoc-app", &[Lit(b"\x37\0\0\x10\x74\0\0\x10")]),
    row(70, "application/x-dbm", &[OneOf(&[b"\x61\x15\x06\0", b"\0\x06\x15\x61"])]),
    row(70, "application/x-gdbm", &[OneOf(&[b"GDBM", b"\xce\x9a\x57\x13", b"\x13\x57\x9a\xce"])]),
    row(40, "application/vnd.cups-raster", &[OneOf(&[b"3SaR", b"RaS3"])]),
];

const SNF: &[&[u8]] = &[b"\x04\0\0\0", b"\0\0\0\x04"];
const TOKYO: Elem = Lit(b"ToKyO CaBiNeT\n");
const REGEDIT_UTF16: &[u8] = b"\xff\xfeW\0i\0n\0d\0o\0w\0s\0 \0R\0e\0g\0i\0s\0t\0r\0y\0 \
    \0E\0d\0i\0t\0o\0r\0 \0V\0e\0r\0s\0i\0o\0n\0 \x005\0.\x000\x000";
