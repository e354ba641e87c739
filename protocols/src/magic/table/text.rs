//! Rows for text: documents, configuration, scripts, mail and keys.

use super::*;

pub(super) static TEXT: &[Rule] = &[
    function(-20, "text/plain", &formats::PLAIN_FIRST, formats::is_plain),
    function(1, "text/json", &formats::JSON_FIRST, formats::is_json),
    function(20, "text/ini", &formats::INI_FIRST, formats::is_ini),
    anywhere(
        55,
        "text/x-diff",
        &[],
        &[&[Lit(b"--- ")], &[Lit(b"\n")], &[Lit(b"+++ ")], &[Lit(b"\n")], &[Lit(b"@@")]],
    ),
    row(80, "text/rtf", &[Lit(b"{\\rtf")]),
    row(180, "text/calendar", &[Lit(b"BEGIN:VCALENDAR")]),
    row(140, "text/x-vcard", &[Lit(b"BEGIN:VCARD")]),
    row(37, "text/x-po", &[Lit(b"msgid ")]),
    row(40, "text/x-m4", &[Lit(b"dnl ")]),
    row(90, "text/x-xmcd", &[Lit(b"# xmcd")]),
    row(200, "application/x-kdelnk", &[Lit(b"# KDE Config File")]),
    row(220, "application/x-kdelnk", &[Lit(b"[KDE Desktop Entry]")]),
    row(10, "application/sla", &[Lit(b"solid ")]),
    row(190, "model/vrml", &[Lit(b"#VRML"), MAYBE_SPACE, Lit(b"V1.0"), MAYBE_SPACE, Lit(b"ascii")]),
    row(180, "model/vrml", &[Lit(b"#VRML"), MAYBE_SPACE, Lit(b"V2.0"), MAYBE_SPACE, Lit(b"utf8")]),
    row(50, "application/marc", &[Run(&DIGIT, 5, 5), In(&Class::of(b"acdn")), Lit(b"w")]),
    anywhere(110, "application/x-setupscript", SETUP, &[&[Lit(b"[\0"), NoCase(b"v\0e\0r\0s\0i\0o\0n\0]")]]),
    anywhere(100, "application/x-setupscript", SETUP, &[&[Lit(b"[")], &[Lit(b"["), NoCase(b"version")]]),
    // XML told by an element further in.
    row(100, "application/x-java-jnlp-file", &[Lit(b"<jnlp ")]),
    anywhere(43, "model/x3d", &[XML_VERSION, Any(5)], &[&[Lit(b"<!DOCTYPE"), MAYBE_SPACE, Lit(b"X3D")]]),
    anywhere(37, "application/xml-sitemap", XML_BODY, &[&[Lit(b"<urlset")]]),
    anywhere(38, "image/svg+xml", XML_BODY, &[&[Lit(b"<svg")]]),
    anywhere(37, "application/x-gnucash", XML_BODY, &[&[Lit(b"<gnc-v2")]]),
    anywhere(61, KML, &[Lit(b"<?xml"), Any(15)], &[KML_EARTH]),
    anywhere(60, KML, &[Lit(b"<?xml"), Any(15)], &[KML_OPENGIS]),
    row(260, "application/x-freeplane", &[Lit(b"<map"), MAYBE_SPACE, Lit(b"version=\"freeplane")]),
    row(150, "application/x-freemind", &[Lit(b"<map"), MAYBE_SPACE, Lit(b"version")]),
];

const MAYBE_SPACE: Elem = Maybe(&[Lit(b" ")]);
const XML_VERSION: Elem = Lit(b"<?xml version=\"");
const XML_BODY: &[Elem] = &[XML_VERSION, In(&NOT_NUL), Any(3)];
const KML: &str = "application/vnd.google-earth.kml+xml";
const KML_EARTH: &[Elem] =
    &[Lit(b" xmlns="), In(&QUOTE), Lit(b"http://earth"), Any(1), Lit(b"google"), Any(1), Lit(b"com/kml")];
const KML_OPENGIS: &[Elem] =
    &[Lit(b" xmlns="), In(&QUOTE), Lit(b"http://www"), Any(1), Lit(b"opengis"), Any(1), Lit(b"net/kml")];
/// Zeek's signatures for Windows setup files ask for a back quote first: libmagic's start-of-text mark,
/// taken for a character.
const SETUP: &[Elem] = &[OneOf(&[b"`\r\n", b"`;", b"`[", b"`\xff\xfe"])];

/// A script whose first line names one of these interpreters, in some `bin/` or through `env`.
macro_rules! interpreter {
    ($strength:expr, $mime:expr, $($name:expr),+) => {
        row($strength, $mime, &[
            Lit(b"#!"),
            Run(&NO_NEWLINE, 1, 15),
            Lit(b"bin/"),
            Maybe(&[Lit(b"env"), Run(&SPACE, 1, MAX)]),
            OneOf(&[$($name),+]),
        ])
    };
}

/// An HTML fragment that opens with a script element whose language this attribute gives.
macro_rules! script_tag {
    ($attribute:expr) => {
        row(
            60,
            JAVASCRIPT,
            &[
                BLANKS,
                NoCase(b"<script"),
                Run(&Class::of(b" \t"), 1, MAX),
                NoCase($attribute),
                Maybe(&[In(&QUOTE)]),
                Maybe(&[NoCase(b"text/")]),
                NoCase(b"javascript"),
            ],
        )
    };
}

const JAVASCRIPT: &str = "application/javascript";

pub(super) static SCRIPTS: &[Rule] = &[
    interpreter!(
        250,
        "text/x-shellscript",
        b"bash",
        b"tcsh",
        b"csh",
        b"zsh",
        b"fash",
        b"aesh",
        b"ksh",
        b"sh"
    ),
    interpreter!(60, "text/x-perl", b"perl"),
    interpreter!(60, "text/x-ruby", b"ruby"),
    interpreter!(60, "text/x-python", b"python"),
    interpreter!(60, "text/x-awk", b"gawk", b"nawk", b"awk"),
    interpreter!(60, "text/x-tcl", b"wish", b"tcl"),
    interpreter!(49, "text/x-lua", b"lua"),
    interpreter!(60, JAVASCRIPT, b"node"),
    interpreter!(60, "text/x-php", b"php"),
    script_tag!(b"type="),
    script_tag!(b"language="),
    row(60, JAVASCRIPT, &[BLANKS, Lit(b"<script>"), BLANKS, OneOf(&[b"var ", b"function "])]),
    row(60, JAVASCRIPT, &[BLANKS, Lit(b"for (;;);")]),
    row(
        60,
        JAVASCRIPT,
        // Zeek writes `[:blank:]?` outside a class: one of these letters, not a blank.
        &[
            BLANKS,
            Lit(b"document.write"),
            Maybe(&[Lit(b"ln")]),
            Maybe(&[In(&Class::of(b":blank"))]),
            Lit(b"("),
        ],
    ),
    row(60, JAVASCRIPT, &[Lit(b"(function()"), Run(&Class::of(b" \t\n"), 0, MAX), Lit(b"{")]),
    anywhere(40, "text/x-php", &[], &[&[Lit(b"<?php")]]),
    row(37, "text/x-php", &[Lit(b"<?php /* Smarty version"), Any(1), In(&Class::of(b".").and(b'0', b'9'))]),
    row(
        110,
        "text/x-msdos-batch",
        &[Lit(b"@"), Run(&SPACES, 0, MAX), NoCase(b"echo"), Run(&SPACES, 1, MAX), NoCase(b"off")],
    ),
    row(60, "text/x-msdos-batch", &[NoCase(b"@rem")]),
    row(70, "text/x-msdos-batch", &[NoCase(b"@set"), Lit(b" ")]),
    row(280, "application/x-shar", &[Within(9, 10), Lit(b"# This is a shell archive")]),
];

const SPACES: Class = Class::of(b" ");

pub(super) static MAIL_AND_KEYS: &[Rule] = &[
    row(170, "message/rfc822", &[Lit(b"Relay-Version:")]),
    row(160, "message/rfc822", &[NoCase(b"delivered-to:")]),
    row(150, "message/rfc822", &[NoCase(b"return-path:")]),
    row(130, "message/rfc822", &[Lit(b"Forward to")]),
    row(120, "message/rfc822", &[Lit(b"N#! rnews")]),
    row(110, "message/rfc822", &[Lit(b"#! rnews")]),
    row(100, "message/rfc822", &[Lit(b"Pipe to")]),
    row(80, "message/rfc822", &[Lit(b"From:")]),
    row(100, "message/news", &[Lit(b"Article")]),
    row(80, "message/news", &[OneOf(&[b"Path:", b"Xref:"])]),
    anywhere(
        100,
        "application/pkcs7-signature",
        &[Lit(b"MIME-Version:")],
        &[&[Lit(b"protocol=\"application/pkcs7-signature\"")]],
    ),
    row(0, "application/x-pem", &[Lit(b"-----BEGIN CERTIFICATE-----")]),
    row(330, "application/pgp-keys", &[Within(1, 2), Lit(b"---BEGIN PGP PUBLIC KEY BLOCK-")]),
    row(280, "application/pgp-signature", &[Lit(b"-----BEGIN PGP SIGNATURE-")]),
    row(260, "application/pgp", &[Lit(b"-----BEGIN PGP MESSAGE-")]),
    row(50, "application/x-pgp-keyring", &[OneOf(&[b"\x99\x00", b"\x95\x00", b"\x95\x01"])]),
    row(50, "application/x-gnupg-keyring", &[Lit(b"\x99\x01")]),
    row(50, "text/PGP", &[OneOf(&[b"\xa6\x00", b"\x85\x02"])]),
    // DER: the object identifiers of SHA-1 in a request and of the basic response type.
    row(71, "application/ocsp-request", &[Within(11, 19), Lit(b"\x06\x05\x2b\x0e\x03\x02\x1a")]),
    row(
        71,
        "application/ocsp-response",
        &[Within(11, 19), Lit(b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01")],
    ),
    row(70, "application/x-java-keystore", &[Lit(b"\xfe\xed\xfe\xed")]),
    row(70, "application/x-java-jce-keystore", &[Lit(b"\xce\xce\xce\xce")]),
    row(320, "application/mac-binhex40", &[Within(10, 11), Lit(b"must be converted with BinHex")]),
];
