//! Rows for images, audio and video.

use super::*;

/// The start of a JPEG 2000 file, its brand last.
macro_rules! jpeg_2000 {
    ($mime:expr, $brand:expr) => {
        row(70, $mime, &[Lit(b"\0\0\0\x0cjP  \r\n\x87\n"), Any(8), Lit($brand)])
    };
}

/// A Netpbm image: `binary` with its number at the start, `ascii` with it anywhere.
macro_rules! netpbm {
    (binary $mime:expr, $number:expr) => {
        row(42, $mime, &[Lit($number), Any(1), Run(&DIGIT, 1, 50), Lit(b"  "), In(&DIGIT)])
    };
    (ascii $mime:expr, $number:expr) => {
        anywhere(42, $mime, &[], &[&[Lit($number), Run(&DIGIT, 1, 50), Lit(b"  "), In(&DIGIT)]])
    };
}

pub(super) static IMAGES: &[Rule] = &[
    row(70, "image/tiff", &[OneOf(&[b"MM\0\x2a", b"MM\0\x2b", b"II\x2a\0", b"II\x2b\0"])]),
    row(70, "image/gif", &[Lit(b"GIF8")]),
    row(52, "image/jpeg", &[Lit(b"\xff\xd8")]),
    row(
        50,
        "image/x-ms-bmp",
        &[Lit(b"BM"), Any(12), In(&Class::of(b"\x0c\x28\x40\x6c\x7c\x80")), Lit(b"\0")],
    ),
    row(70, "image/x-icon", &[Lit(b"\0\0\x01\0")]),
    row(70, "image/x-cursor", &[Lit(b"\0\0\x02\0")]),
    row(70, "image/vnd.adobe.photoshop", &[Lit(b"8BPS")]),
    row(110, "image/png", &[Lit(b"\x89PNG")]),
    row(60, "image/jp2", &[Within(3, 4), Lit(b"ftypjp2")]),
    jpeg_2000!("image/jp2", b"jp2 "),
    jpeg_2000!("image/jpx", b"jpx "),
    jpeg_2000!("image/jpm", b"jpm "),
    jpeg_2000!("video/mj2", b"mjp2"),
    row(50, "image/jp2", &[Any(4), Lit(b"jP")]),
    row(70, "image/x-xcursor", &[Lit(b"Xcur")]),
    row(70, "image/x-niff", &[Lit(b"IIN1")]),
    row(70, "image/x-exr", &[Lit(b"\x76\x2f\x31\x01")]),
    row(70, "image/x-dpx", &[Lit(b"SDPX")]),
    row(70, "image/x-cpi", &[Lit(b"CPC\xb2")]),
    row(70, "image/x-olympus-orf", &[OneOf(&[b"IIRO", b"IIRS", b"MMOR"])]),
    row(70, "image/x-x3f", &[Lit(b"FOVb")]),
    row(70, "image/x-paintnet", &[Lit(b"PDN3")]),
    row(70, "image/x-coreldraw", &[Lit(b"RIFF"), Any(4), OneOf(&[b"CDRA", b"CDR6"])]),
    netpbm!(ascii "image/x-portable-bitmap", b"P1"),
    netpbm!(ascii "image/x-portable-greymap", b"P2"),
    netpbm!(ascii "image/x-portable-pixmap", b"P3"),
    netpbm!(binary "image/x-portable-bitmap", b"P4"),
    netpbm!(binary "image/x-portable-greymap", b"P5"),
    netpbm!(binary "image/x-portable-pixmap", b"P6"),
    row(50, "image/x-portable-pixmap", &[Lit(b"P7")]),
    row(70, "image/vnd.djvu", &[Lit(b"AT&TFORM"), Any(4), OneOf(&[b"DJVM", b"DJVU", b"DJVI", b"THUM"])]),
    row(90, "image/vnd.dwg", &[OneOf(&[b"AC1.", b"AC2.", b"AC10"])]),
    row(110, "image/x-xcf", &[Lit(b"gimp xcf")]),
    row(160, "image/x-polar-monitor-bitmap", &[Lit(b"[BitmapInfo2]")]),
    row(20, "image/x-award-bmp", &[Lit(b"AWBM")]),
    row(50, "image/x-award-bioslogo", &[OneOf(&[b"\x11\x06", b"\x11\x09"])]),
    row(70, "image/webp", &[Lit(b"RIFF"), Any(4), Lit(b"WEBP")]),
    row(170, "image/x-canon-crw", &[Lit(b"II\x1a\0\0\0HEAPCCDR")]),
    row(130, "image/x-canon-cr2", &[Lit(b"II*\0\x10\0\0\0CR")]),
    row(70, "image/x-quicktime", &[Within(3, 4), Lit(b"idsc")]),
    row(70, "image/x-lss16", &[Lit(b"\x3d\xf3\x13\x14")]),
    row(70, "image/x-epoc-mbm", &[Lit(b"\x37\0\0\x10\x42\0\0\x10")]),
    row(70, "image/x-epoc-sketch", &[Lit(b"\x37\0\0\x10\x6d\0\0\x10\x7d\0\0\x10")]),
];

pub(super) static AUDIO: &[Rule] = &[
    row(20, "audio/mpeg", &[Lit(b"\xff"), In(&Class::of(b"\xe2\xe3\xf2\xf3\xf6\xf7\xfa\xfb\xfc\xfd"))]),
    row(50, "audio/x-hx-aac-adts", &[Lit(b"\xff"), In(&Class::of(b"\xf0\xf1\xf8\xf9"))]),
    row(50, "audio/x-mp4a-latm", &[Lit(b"V"), In(&Class::of(b"").and(0xe0, 0xff))]),
    row(70, "audio/x-hx-aac-adif", &[Lit(b"ADIF")]),
    row(70, "audio/m4a", &[Any(4), Lit(b"ftypm4a")]),
    row(60, "audio/mp4", &[Within(3, 4), Lit(b"ftypM4A")]),
    row(190, "audio/x-wav", &[Lit(b"RF64\xff\xff\xff\xffWAVEds64")]),
    row(70, "audio/x-wav", &[Lit(b"RIFF"), Any(4), Lit(b"WAVE")]),
    row(
        190,
        "audio/x-w64",
        &[
            Lit(b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0"),
            Any(8),
            Lit(b"wave\xf3\xac\xd3\x11\x8c\xd1\0\xc0O\x8e\xdb\x8a"),
        ],
    ),
    row(70, "audio/x-aiff", &[Lit(b"FORM"), Any(4), OneOf(&[b"AIFF", b"AIFC", b"8SVX"])]),
    row(70, "audio/x-flac", &[Lit(b"fLaC")]),
    row(70, "audio/x-ape", &[Lit(b"MAC ")]),
    row(70, "audio/midi", &[Lit(b"MThd")]),
    row(60, "audio/x-musepack", &[Lit(b"MP+")]),
    row(70, "audio/x-pn-realaudio", &[Lit(b".ra\xfd")]),
    row(100, "application/vnd.rn-realmedia", &[Lit(b".RMF\0\0\0")]),
    row(70, "application/ogg", &[Lit(b"OggS")]),
    row(50, "audio/vnd.dolby.dd-raw", &[Lit(b"\x0b\x77")]),
    row(70, "audio/x-dec-basic", &[Lit(b".sd\0"), Any(8), In(&Class::of(b"\x17").and(1, 7)), Lit(b"\0\0\0")]),
    row(70, "audio/basic", &[Lit(b".snd"), Any(8), Lit(b"\0\0\0"), In(&Class::of(b"").and(1, 7))]),
    row(70, "audio/x-adpcm", &[Lit(b".snd"), Any(8), Lit(b"\0\0\0\x17")]),
    row(190, "audio/x-mod", &[Lit(b"Extended Module:")]),
    row(110, "audio/x-mod", &[Within(20, 21), OneOf(&[b"!SCREAM!", b"BMOD2STM"])]),
    row(70, "audio/x-mod", &[Lit(b"IMPM")]),
    row(20, "audio/x-mod", &[Lit(b"MAS_UTrack_V00/0")]),
];

pub(super) static VIDEO: &[Rule] = &[
    row(60, "video/x-flv", &[Lit(b"FLV")]),
    row(50, "video/x-fli", &[Any(4), Lit(b"\x11\xaf")]),
    row(50, "video/x-flc", &[Any(4), Lit(b"\x12\xaf")]),
    row(70, "video/x-mng", &[Lit(b"\x8aMNG")]),
    row(70, "video/x-jng", &[Lit(b"\x8bJNG")]),
    row(50, "video/mpeg", &[Lit(b"\0\0\x01"), In(&Class::of(b"").and(0xb0, 0xbb))]),
    row(71, "video/mpv", &[Lit(b"\0\0\x01\xb3")]),
    row(21, "video/mp2p", &[Lit(b"\0\0\x01\xba"), In(&Class::of(b"").and(0x40, 0x7f).and(0xc0, 0xff))]),
    row(41, "video/h264", &[Lit(b"\0\0\0\x01"), In(&Class::of(b"\x07\x27\x47\x67\x87\xa7\xc7\xe7"))]),
    anywhere(70, "video/webm", EBML, &[&[Lit(b"B\x82"), Any(1), Lit(b"webm")]]),
    anywhere(110, "video/x-matroska", EBML, &[&[Lit(b"B\x82"), Any(1), Lit(b"matroska")]]),
    // Four packets of a transport stream, each 188 bytes long.
    row(
        40,
        "video/mp2t",
        &[Lit(b"G"), Any(187), Lit(b"G"), Any(187), Lit(b"G"), Any(187), Lit(b"G"), Any(187)],
    ),
    row(70, "video/x-sgi-movie", &[Lit(b"MOVI")]),
    row(70, "video/quicktime", &[Any(4), OneOf(&[b"mdat", b"moov"])]),
    row(50, "video/quicktime", &[Within(3, 4), Lit(b"ftypqt")]),
    row(70, "video/mp4", &[Any(4), OneOf(&[b"ftypisom", b"ftypmp41", b"ftypmp42"])]),
    row(60, "video/mp4", &[Within(3, 4), Lit(b"ftypM4V")]),
    row(60, "video/3gpp", &[Any(4), Lit(b"ftyp3g"), In(&Class::of(b"egps2"))]),
    row(60, "video/3gpp", &[Any(4), OneOf(&[b"ftypavc1", b"ftypmmp4"])]),
    row(70, "video/x-msvideo", &[Lit(b"RIFF"), Any(4), Lit(b"AVI ")]),
    row(70, "video/x-ms-asf", &[Lit(b"\x30\x26\xb2\x75")]),
];

const EBML: &[Elem] = &[Lit(b"\x1a\x45\xdf\xa3")];
