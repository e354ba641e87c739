//! Rows for documents, office suites and archives.

use super::*;

pub(super) static DOCUMENTS: &[Rule] = &[
    row(80, "application/pdf", &[Lit(b"%PDF-")]),
    row(80, "application/vnd.fdf", &[Lit(b"%FDF-")]),
    row(60, "application/postscript", &[Lit(b"\x04%!")]),
    row(50, "application/postscript", &[Lit(b"%!")]),
    row(50, "application/x-dvi", &[Lit(b"\xf7\x02")]),
    row(260, "application/x-scribus", &[Lit(b"<SCRIBUSUTF8NEW Version")]),
    row(190, "application/x-mif", &[Lit(b"<MakerScreenFont")]),
    row(130, "application/x-mif", &[Lit(b"<MakerFile")]),
    row(120, "application/x-mif", &[Lit(b"<BookFile")]),
    row(110, "application/x-mif", &[Lit(b"<MIFFile")]),
    row(90, "application/x-mif", &[Lit(b"<Maker")]),
    row(70, "application/x-mif", &[Lit(b"<MML")]),
    row(120, "application/vnd.lotus-wordpro", &[Lit(b"WordPro\r\xfb")]),
    row(110, "application/vnd.lotus-wordpro", &[Lit(b"WordPro\0")]),
    row(90, "application/x-quark-xpress-3", &[Within(1, 2), Lit(b"MMXPR3")]),
    row(1, "application/x-ms-reader", &[Lit(b"ITOLITLS"), Any(4)]),
    row(40, "application/x-ichitaro4", &[Lit(b"DOC"), Any(40), Lit(b"\x14")]),
    row(40, "application/x-ichitaro5", &[Lit(b"DOC"), Any(40), Lit(b"\x15")]),
    row(40, "application/x-ichitaro6", &[Lit(b"DOC"), Any(40), Lit(b"\x16")]),
    row(160, "application/x-gnumeric", &[Within(38, 39), Lit(b"<gmr:Workbook")]),
    row(140, "application/x-sc", &[Within(37, 38), Lit(b"Spreadsheet")]),
    row(100, "application/mshelp", &[Lit(b"ITSF")]),
];

/// A ZIP whose first member is `mimetype`, holding this type.
macro_rules! zip_mimetype {
    ($strength:expr, $mime:expr, $name:expr, $($rest:expr),*) => {
        row($strength, $mime, &[
            Lit(b"PK\x03\x04"),
            Any(22),
            Lit(b"\x08\0\0\0mimetypeapplication/"),
            Lit($name),
            $($rest),*
        ])
    };
}

/// An OpenDocument type: `name`, and the rest of the row.
macro_rules! open_document {
    ($strength:expr, $suffix:literal, $($rest:expr),*) => {
        zip_mimetype!(
            $strength,
            concat!("application/vnd.oasis.opendocument.", $suffix),
            b"vnd.oasis.opendocument.",
            $($rest),*
        )
    };
}

/// An Office Open XML file: its first member is one of the common ones or in the folder of its kind, and a
/// later member is in that folder.
macro_rules! office_xml {
    ($mime:expr, $folder:expr) => {
        anywhere(
            80,
            concat!("application/vnd.openxmlformats-officedocument.", $mime),
            &[Lit(b"PK\x03\x04"), Any(26), OneOf(&[b"[Content_Types].xml", b"_rels/.rels", $folder])],
            &[&[Lit(b"PK\x03\x04"), Any(26), Lit($folder)]],
        )
    };
}

/// Zeek's plain OpenDocument types ask for one more byte that is no `-`.
const NO_DASH: Elem = In(&Class::of(b"-").not());

pub(super) static OFFICE: &[Rule] = &[
    row(50, "application/msword", &[Lit(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")]),
    row(50, "application/vnd.openxmlformats-officedocument", &[Lit(b"PK\x03\x04\x14\x00\x06\x00")]),
    office_xml!("wordprocessingml.document", b"word/"),
    office_xml!("spreadsheetml.sheet", b"xl/"),
    office_xml!("presentationml.presentation", b"ppt/"),
    row(180, "application/x-msaccess", &[Within(3, 4), OneOf(&[b"Standard Jet DB\0", b"Standard ACE DB\0"])]),
    row(
        49,
        "application/vnd.ms-outlook",
        &[Lit(b"!BDN"), Any(6), In(&Class::of(b"\x0e\x0f\x15\x17")), In(&Class::of(b"\0\x01\x02"))],
    ),
    row(100, "application/vnd.ms-tnef", &[Lit(b"\x78\x9f\x3e\x22")]),
    zip_mimetype!(110, "application/epub+zip", b"epub+zip",),
    open_document!(110, "text", Lit(b"text"), NO_DASH),
    open_document!(120, "text-template", Lit(b"text-template")),
    open_document!(70, "text-web", Lit(b"text-web")),
    open_document!(100, "text-master", Lit(b"text-master")),
    open_document!(110, "graphics", Lit(b"graphics"), NO_DASH),
    open_document!(120, "graphics-template", Lit(b"graphics-template")),
    open_document!(110, "presentation", Lit(b"presentation"), NO_DASH),
    open_document!(120, "presentation-template", Lit(b"presentation-template")),
    open_document!(110, "spreadsheet", Lit(b"spreadsheet"), NO_DASH),
    open_document!(120, "spreadsheet-template", Lit(b"spreadsheet-template")),
    open_document!(110, "chart", Lit(b"chart"), NO_DASH),
    open_document!(120, "chart-template", Lit(b"chart-template")),
    open_document!(110, "formula", Lit(b"formula"), NO_DASH),
    open_document!(120, "formula-template", Lit(b"formula-template")),
    open_document!(110, "database", Lit(b"database")),
    open_document!(110, "image", Lit(b"image"), NO_DASH),
    open_document!(120, "image-template", Lit(b"image-template")),
    row(100, "application/vnd.google-earth.kmz", &[Lit(b"PK\x03\x04\x14"), Any(25), Lit(b"doc.kml")]),
];

pub(super) static ARCHIVES: &[Rule] = &[
    function(100, "application/x-tar", &formats::TAR_FIRST, formats::is_tar),
    row(10, "application/zip", &[Lit(b"PK\x03\x04"), Any(2)]),
    row(10, "application/zip", &[Lit(b"PK\x07\x08PK\x03\x04")]),
    row(
        340,
        "application/zip",
        &[Lit(b"MZ"), Any(28), OneOf(&[b"Copyright 1989-1990 PKWARE Inc.", b"PKLITE Copr."])],
    ),
    row(70, "application/x-rar", &[Lit(b"Rar!")]),
    row(100, "application/x-gzip", &[Lit(b"\x1f\x8b")]),
    row(110, "application/vnd.ms-cab-compressed", &[Lit(b"MSCF\0\0\0\0")]),
    row(
        100,
        "application/x-dmg",
        &[OneOf(&[
            b"\x78\x01\x73\x0d\x62\x62\x60",
            b"\x78\xda\x63\x60\x18\x05",
            b"\x78\x01\x63\x60\x18\x05",
            b"\x78\xda\x73\x0d",
        ])],
    ),
    row(
        100,
        "application/x-dmg",
        &[OneOf(&[b"\x78\x01\xed", b"\x78\xda\xed"]), In(&Class::of(b"").and(0xd0, 0xd9))],
    ),
    row(100, "application/x-xar", &[Lit(b"xar!")]),
    row(70, "application/x-rpm", &[OneOf(&[b"drpm", b"\xed\xab\xee\xdb"])]),
    row(171, "application/x-debian-package", &[Lit(b"!<arch>\ndebian")]),
    row(70, "application/x-stuffit", &[OneOf(&[b"SIT!", b"StuffIt"])]),
    row(70, "application/x-archive", &[Maybe(&[Lit(b"!")]), OneOf(&[b"<ar>", b"<arch>"])]),
    row(
        70,
        "application/x-arc",
        &[Run(&Class::of(b"").and(0, 0x7f), 2, 2), In(&Class::of(b"\x14\x48").and(0x02, 0x0a)), Lit(b"\x1a")],
    ),
    row(70, "application/x-eet", &[Lit(b"\x1e\xe7\xff\x00")]),
    row(70, "application/x-zoo", &[Any(20), Lit(b"\xdc\xa7\xc4\xfd")]),
    row(70, "application/x-lz4", &[OneOf(&[b"\x02\x21\x4c\x18", b"\x04\x22\x4d\x18"])]),
    row(1, "application/x-lrzip", &[Lit(b"LRZI")]),
    row(70, "application/x-lzip", &[Lit(b"LZIP")]),
    row(80, "application/x-lzh", &[Any(2), Lit(b"-lh"), In(&LZH_METHOD), Lit(b"-")]),
    row(80, "application/x-lzh", &[Any(2), Lit(b"-lz"), In(&Class::of(b"s").and(b'2', b'8')), Lit(b"-")]),
    row(80, "application/x-lzh", &[Any(2), OneOf(&[b"-pms-", b"-pm0-", b"-pm1-", b"-pm2-", b"-pc1-"])]),
    row(120, "application/x-lha", &[Lit(b"MZ"), Any(34), OneOf(&[b"LHA's SFX", b"LHa's SFX"])]),
    row(50, "application/warc", &[Lit(b"WARC/")]),
    row(50, "application/x-7z-compressed", &[Lit(b"7z\xbc\xaf\x27\x1c")]),
    row(90, "application/x-xz", &[Lit(b"\xfd7zXZ\0")]),
    row(50, "application/x-arj", &[Lit(b"\x60\xea")]),
    row(50, "application/x-cpio", &[OneOf(&[b"\x71\xc7", b"\xc7\x71"])]),
    row(50, "application/x-compress", &[Lit(b"\x1f\x9d")]),
    row(71, "application/x-lzma", &[Lit(b"\x5d\0\0")]),
    row(100, "application/x-ace", &[Any(7), Lit(b"**ACE**")]),
    row(60, "application/x-bzip2", &[Lit(b"BZh")]),
    row(230, "application/x-svr4-package", &[Lit(b"# PaCkAgE DaTaStReAm")]),
    row(140, "application/x-ia-arc", &[Lit(b"filedesc://")]),
    row(70, "application/x-quicktime-player", &[Within(3, 4), Lit(b"pckg")]),
    row(70, "x-epoc/x-sisx-app", &[Lit(b"\x7a\x1a\x20\x10")]),
    row(70, "application/vnd.symbian.install", &[Within(7, 8), Lit(b"\x19\x04\x00\x10")]),
    row(99, "application/x-iso9660-image", &[Lit(b"CD001")]),
];

const LZH_METHOD: Class = Class::of(b" abcdex").and(b'0', b'9');
