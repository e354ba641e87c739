use super::*;

fn padded(start: &[u8], len: usize) -> Vec<u8> {
    let mut data = start.to_vec();
    data.resize(len, 0);
    data
}

/// Bytes with `text` at `offset`.
fn at(offset: usize, text: &[u8]) -> Vec<u8> {
    let mut data = vec![0xfe; offset];
    data.extend_from_slice(text);
    data
}

fn expect(cases: &[(&[u8], Option<&str>)]) {
    for (data, mime) in cases {
        assert_eq!(detect(data), *mime, "{:?}", String::from_utf8_lossy(data));
        check_invariants(data);
    }
}

#[test]
fn nothing_is_known_of_an_empty_file() {
    expect(&[(b"", None), (b"\x01", None), (b"\xf0\xf1\xf2\xf3\xf4\xf5\xf6", None)]);
}

#[test]
fn fixed_bytes_name_the_common_formats() {
    expect(&[
        (b"\x89PNG\r\n\x1a\n", Some("image/png")),
        (b"GIF89a", Some("image/gif")),
        (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
        (b"RIFF\x24\x08\0\0WEBPVP8 ", Some("image/webp")),
        (b"\0\0\x01\0\x01\0", Some("image/x-icon")),
        (b"%PDF-1.7", Some("application/pdf")),
        (b"MZ\x90\0", Some("application/x-dosexec")),
        (b"MSCF\0\0\0\0", Some("application/vnd.ms-cab-compressed")),
        (b"\x1f\x8b\x08", Some("application/x-gzip")),
        (b"BZh91AY", Some("application/x-bzip2")),
        (b"\xfd7zXZ\0", Some("application/x-xz")),
        (b"wOFF\0\x01", Some("application/font-woff")),
        (b"CWS\x0a", Some("application/x-shockwave-flash")),
        (b"ID3", None),
        (b"\xff\xfb\x90", Some("audio/mpeg")),
        (b"\0\0\0\x18ftypmp42", Some("video/mp4")),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", Some("application/x-java-applet")),
        (b"\x0d\x0d\x0d\x0a", None),
        (b"\x42\x0d\x0d\x0a", Some("application/x-python-bytecode")),
    ]);
}

#[test]
fn elf_files_are_told_apart_by_their_type_in_both_byte_orders() {
    let elf = |order: u8, kind: [u8; 2]| {
        let mut data = padded(&[0x7f, b'E', b'L', b'F', 2, order], 16);
        data.extend_from_slice(&kind);
        data
    };
    assert_eq!(detect(&elf(1, [2, 0])), Some("application/x-executable"));
    assert_eq!(detect(&elf(2, [0, 2])), Some("application/x-executable"));
    assert_eq!(detect(&elf(1, [3, 0])), Some("application/x-sharedlib"));
    assert_eq!(detect(&elf(1, [4, 0])), Some("application/x-coredump"));
    assert_eq!(detect(&elf(1, [0, 2])), None);
}

#[test]
fn a_stronger_signature_beats_a_weaker_one() {
    expect(&[
        // A ZIP by its magic, something better by its first member.
        (b"PK\x03\x04\x0a\0", Some("application/zip")),
        (b"PK\x03\x04\x14\0\x06\0", Some("application/vnd.openxmlformats-officedocument")),
        (b"\0\0\x01\xb3", Some("video/mpv")),
        (b"\0\0\x01\xb4", Some("video/mpeg")),
    ]);
}

#[test]
fn of_equally_strong_ones_the_name_that_sorts_first_wins() {
    // Both an ATOM feed (100) and, behind the comment, HTML (100).
    expect(&[(b"<!-- --><html --><feed xmlns='http://www.w3.org/2005/Atom'>", Some("text/atom"))]);
}

#[test]
fn office_files_need_a_member_in_the_folder_of_their_kind() {
    let member = |name: &[u8]| {
        let mut data = padded(b"PK\x03\x04\x14\0", 30);
        data.extend_from_slice(name);
        data.extend_from_slice(&[0; 40]);
        data
    };
    let file = |names: &[&[u8]]| names.iter().flat_map(|name| member(name)).collect::<Vec<u8>>();
    let ooxml = |kind: &str| Some(format!("application/vnd.openxmlformats-officedocument.{kind}"));
    let found = |names: &[&[u8]]| detect(&file(names)).map(str::to_owned);
    assert_eq!(found(&[b"[Content_Types].xml", b"xl/workbook.xml"]), ooxml("spreadsheetml.sheet"));
    assert_eq!(found(&[b"_rels/.rels", b"docProps/", b"word/a.xml"]), ooxml("wordprocessingml.document"));
    assert_eq!(found(&[b"[Content_Types].xml"]), Some("application/zip".to_owned()));
    let mut epub = padded(b"PK\x03\x04", 26);
    epub.extend_from_slice(b"\x08\0\0\0mimetypeapplication/epub+zip");
    assert_eq!(detect(&epub), Some("application/epub+zip"));
}

#[test]
fn leading_wildcards_also_match_the_mark_before_the_first_byte() {
    assert_eq!(detect(&at(2, b"MMXPR3")), Some("application/x-quark-xpress-3"));
    assert_eq!(detect(&at(1, b"MMXPR3")), Some("application/x-quark-xpress-3"));
    assert_eq!(detect(&at(3, b"MMXPR3")), None);
    assert_eq!(detect(&at(20, b"\xdc\xa7\xc4\xfd")), Some("application/x-zoo"));
    assert_eq!(detect(&at(19, b"\xdc\xa7\xc4\xfd")), None, "anchored: only where it says");
}

#[test]
fn ocsp_answers_are_found_by_an_identifier_within_a_range() {
    let oid = b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01";
    for offset in 0..30 {
        let expected = (11..=19).contains(&offset).then_some("application/ocsp-response");
        assert_eq!(detect(&at(offset, oid)), expected, "at {offset}");
    }
}

#[test]
fn html_is_told_by_its_first_tag() {
    expect(&[
        (b"<html>", Some("text/html")),
        (b"\r\n\t <HTML lang=en>", Some("text/html")),
        (b"\xef\xbb\xbf<!DOCTYPE  HtmL>", Some("text/html")),
        (b"<head>", Some("text/html")),
        (b"<meta  http-equiv=refresh>", Some("text/html")),
        (b"<title>x</title>", Some("text/html")),
        (b"<div>nothing Zeek knows</div>", Some("text/plain")),
        (b"<!doctype\thtml>", Some("text/plain")),
        (b"text before <html>", Some("text/plain")),
    ]);
}

#[test]
fn comments_and_declarations_may_precede_a_tag_and_end_at_any_closing() {
    expect(&[
        (b"<!-- a --> <!-- b --><html>", Some("text/html")),
        (b"<!-- a --> b --><html>", Some("text/html")),
        (b"<!-- a --> b <html>", Some("text/plain")),
        (b"<!--><html>", Some("text/plain")),
        (b"<!---><html> ", Some("text/plain")),
        (b"<!----><html>", Some("text/html")),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html>", Some("text/html")),
        (b"<?xml version='1.0'?><!-- c -->\n<rss>", Some("text/rss")),
        (b"<?xml version='1.0'?><a?><SOAP-ENV:Envelope>", Some("application/soap+xml")),
        (b"<?xml version='1.0'?><root/>", Some("application/xml")),
        // A second declaration is no declaration.
        (b"<!-- a --><?xml version='1.0'?><root/>", Some("application/xml")),
        (b"<?xml version='1.0'?><rss version=2 xmlns:atom='x'>", Some("text/atom")),
        (b"<?xml version='1.0'?><methodResponse>", Some("application/xml-rpc")),
        (b"<?xml version='1.0'?><cross-domain-policy>", Some("text/x-cross-domain-policy")),
        (b"\xef\xbb\xbf<?xml version='1.0'?><cross-domain-policy>", Some("application/xml")),
        (b"<?xml version=\"1.0\"?><svg width='1'>", Some("image/svg+xml")),
        (b"<CFSET a=1> <!-- -->", Some("magnus-internal/cold-fusion")),
        (b"<?xml a?><CFSET a=1>", Some("application/xml")),
    ]);
}

#[test]
fn xml_in_utf_16_is_xml() {
    let utf16 = |bom: &[u8], little: bool| {
        let mut data = bom.to_vec();
        for b in b"<?xml version" {
            data.extend_from_slice(&if little { [*b, 0] } else { [0, *b] });
        }
        data
    };
    assert_eq!(detect(&utf16(b"\xff\xfe", true)), Some("application/xml"));
    assert_eq!(detect(&utf16(b"\xfe\xff", false)), Some("application/xml"));
    assert_eq!(detect(&utf16(b"", false)), Some("application/xml"));
}

#[test]
fn json_needs_a_first_member_of_a_kind_zeek_knows() {
    expect(&[
        (br#"{"a": 1}"#, Some("text/json")),
        (br#" { key : {"#, Some("text/json")),
        (b"\xef\xbb\xbf{\"a\"\r\n:\ttrue", Some("text/json")),
        (br#"[{}"#, Some("text/json")),
        (br#"["a" , 1]"#, Some("text/json")),
        (br#"[1.5,2]"#, Some("text/json")),
        (br#"[false,"#, Some("text/json")),
        (br#"{"a": null}"#, Some("text/plain")),
        (br#"{"a": -1}  "#, Some("text/plain")),
        (br#"{"": 1}    "#, Some("text/plain")),
        (br#"[1.]       "#, Some("text/plain")),
        (br#"[1., 2]    "#, Some("text/plain")),
        // The end of the data is never signalled to Zeek's matcher.
        (b"{}", None),
        (b"[]", None),
    ]);
}

#[test]
fn ini_is_a_first_line_that_is_a_section_header() {
    expect(&[
        (b"[section]\r\n", Some("text/ini")),
        (b"\n\n[a b] \t\n", Some("text/ini")),
        (b"[a]b]\n", Some("text/ini")),
        (b"[a] b\n     ", Some("text/plain")),
        (b"[]\n        ", Some("text/plain")),
        (b"[no end of line]", Some("text/plain")),
        (b"[{\"a\": 1}]\n", Some("text/ini")),
    ]);
}

#[test]
fn ten_characters_make_plain_text() {
    expect(&[
        (b"0123456789", Some("text/plain")),
        (b"012345678", None),
        (b"012345678\x01", None),
        (b"01234 \t\r\n\x0b\x0c", Some("text/plain")),
        (b"\xef\xbb\xbf0123456789", Some("text/plain")),
        (b"\xef\xbb\xbf012345678", None),
        (b"\0\0\xfe\xff0123456789", Some("text/plain")),
        (b"\xff\xfe0123456789", Some("text/plain")),
        (b"\xff\xfe\0\x000123456789", Some("text/plain")),
        ("Grüße aus Köln".as_bytes(), None),
    ]);
}

#[test]
fn scripts_are_told_by_their_interpreter() {
    expect(&[
        (b"#!/bin/sh\n", Some("text/x-shellscript")),
        (b"#! /usr/bin/env  bash\n", Some("text/x-shellscript")),
        (b"#!/usr/bin/env python3\n", Some("text/x-python")),
        (b"#!/usr/bin/perl -w\n", Some("text/x-perl")),
        (b"#!/usr/local/bin/gawk -f\n", Some("text/x-awk")),
        (b"#!/bin/bin/ruby  ", Some("text/x-ruby")),
        (b"#!/bin/perlbin/x ", Some("text/x-perl")),
        (b"#!/a/path/that/is/too/long/bin/sh", Some("text/plain")),
        (b"#!x\nbin/sh    ", Some("text/plain")),
        (b"@echo off\r\n", Some("text/x-msdos-batch")),
        (b"(function() \n{", Some("application/javascript")),
        (b" <script type='text/javascript'>", Some("application/javascript")),
        (b"<SCRIPT LANGUAGE=JavaScript>", Some("application/javascript")),
        (b"<script typelanguage=javascript>", Some("text/plain")),
        (b"document.writelnk(", Some("application/javascript")),
    ]);
}

#[test]
fn some_signatures_look_anywhere_in_the_sniffed_part() {
    let late = |text: &[u8]| {
        let mut data = vec![b'a'; SNIFF_LEN - text.len()];
        data.extend_from_slice(text);
        data
    };
    assert_eq!(detect(&late(b"<?php")), Some("text/x-php"));
    assert_eq!(detect(&late(b"P1000  9")), Some("image/x-portable-bitmap"));
    let diff = late(b"--- a\n+++ b\n@@");
    assert_eq!(detect(&diff), Some("text/x-diff"));
    assert_eq!(detect(diff.get(1..).unwrap()), Some("text/x-diff"));
    assert_eq!(detect(&late(b"+++ b\n--- a\n@@")), Some("text/plain"), "parts come in order");
    let mut beyond = vec![b'a'; SNIFF_LEN];
    beyond.extend_from_slice(b"<?php");
    assert_eq!(detect(&beyond), Some("text/plain"));
}

#[test]
fn a_tar_header_is_checked_field_by_field() {
    let mut tar = padded(b"dir/name.txt", 100);
    for field in ["0000644\0", "0001750\0", "0001750\0", "00000000012\0", "14371573254\0", "012345\0 ", "0"] {
        tar.extend_from_slice(field.as_bytes());
    }
    assert_eq!(detect(&tar), Some("application/x-tar"));
    for (at, byte) in [(3, 0x80), (101, b'x'), (107, b'0'), (150, b'x'), (155, b'1'), (156, b'9')] {
        let mut bad = tar.clone();
        bad[at] = byte;
        assert_ne!(detect(&bad), Some("application/x-tar"), "byte {at}");
    }
}

#[test]
fn every_part_searched_for_begins_with_bytes() {
    for rule in table::RULES.iter().flat_map(|part| part.iter()) {
        if let Test::Pattern { later, .. } = rule.test {
            assert_eq!(Matcher::new(rule).later.len(), later.len(), "{}", rule.verdict.mime);
        }
    }
}

#[test]
fn hostile_input_is_read_in_reasonable_time() {
    // Repetitions that a backtracking matcher would try over and over.
    for unit in [
        &b"<!--"[..],
        b"--><rss ",
        b"<!-- --><rss ",
        b"<?xml ?>",
        b"--- \n+++ \n",
        b"P1111",
        b" ",
        b"PK\x03\x04\x14\0",
        b"#!bin/",
    ] {
        let data: Vec<u8> = unit.iter().copied().cycle().take(SNIFF_LEN).collect();
        let start = std::time::Instant::now();
        (0..20).for_each(|_| check_invariants(&data));
        assert!(start.elapsed().as_secs() < 2, "{:?}", String::from_utf8_lossy(unit));
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/magic");
    let mut seen = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let data = std::fs::read(entry.unwrap().path()).unwrap();
        for end in (0..data.len().min(600)).chain([data.len()]) {
            check_invariants(&data[..end]);
        }
        seen += 1;
    }
    assert!(seen > 20, "only {seen} seeds");
}
