//! Files told by bytes at a fixed place: programs, archives, pictures, sound, documents.

/// Where bytes stand, these, and what they tell. Longer ones before those they begin with.
const MARKS: &[(usize, &[u8], &str)] = &[
    (4, b"Standard Jet DB\0", "application/x-msaccess"),
    (4, b"Standard ACE DB\0", "application/x-msaccess"),
    (0, b"!<arch>\ndebian", "application/x-debian-package"),
    (0, b"!<arch>", "application/x-archive"),
    (0, b"MZ", "application/x-dosexec"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-o-executable"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-o-executable"),
    // Windows shortcuts ([MS-SHLLINK] 2.1): the length of their header, and their class.
    (0, b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", "application/x-ms-shortcut"),
    (0, b"\x1f\x8b", "application/x-gzip"),
    (0, b"\x1f\x9d", "application/x-compress"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"]\0\0", "application/x-lzma"),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4"),
    (0, b"LZIP", "application/x-lzip"),
    (0, b"Rar!", "application/x-rar"),
    (0, b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (0, b"xar!", "application/x-xar"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"SIT!", "application/x-stuffit"),
    (7, b"**ACE**", "application/x-ace"),
    (0, b"WARC/", "application/warc"),
    (257, b"ustar", "application/x-tar"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!", "application/postscript"),
    (0, b"{\\rtf", "text/rtf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (0, b"ITOLITLS", "application/x-ms-reader"),
    (0, b"GIF8", "image/gif"),
    (0, b"\x89PNG", "image/png"),
    (0, b"\xff\xd8", "image/jpeg"),
    (0, b"\0\0\x01\0", "image/x-icon"),
    (0, b"\0\0\x02\0", "image/x-cursor"),
    (0, b"MM\0\x2a", "image/tiff"),
    (0, b"II\x2a\0", "image/tiff"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (8, b"WEBP", "image/webp"),
    (0, b"gimp xcf", "image/x-xcf"),
    (4, b"jP  ", "image/jp2"),
    (0, b"wOFF", "application/font-woff"),
    (0, b"wOF2", "application/font-woff2"),
    (0, b"\0\x01\0\0\0", "application/x-font-ttf"),
    (0, b"OTTO", "application/vnd.ms-opentype"),
    (0, b"CWS", "application/x-shockwave-flash"),
    (0, b"FWS", "application/x-shockwave-flash"),
    (0, b"ZWS", "application/x-shockwave-flash"),
    (0, b"FLV", "video/x-flv"),
    (4, b"ftypisom", "video/mp4"),
    (4, b"ftypmp41", "video/mp4"),
    (4, b"ftypmp42", "video/mp4"),
    (4, b"ftypM4V", "video/mp4"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"moov", "video/quicktime"),
    (4, b"mdat", "video/quicktime"),
    (0, b"\x30\x26\xb2\x75", "video/x-ms-asf"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\0\0\x01\xb3", "video/mpv"),
    (0, b"\0\0\x01\xba", "video/mpeg"),
    (8, b"WAVE", "audio/x-wav"),
    (0, b"OggS", "application/ogg"),
    (0, b"fLaC", "audio/x-flac"),
    (0, b"MThd", "audio/midi"),
    (0, b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\x0a\x0d\x0d\x0a", "application/vnd.tcpdump.pcap"),
    (0, b"d8:announce", "application/x-bittorrent"),
    (128, b"DICM", "application/dicom"),
];

/// Kinds of files whose mark stands behind four bytes of its own and a length (RIFF).
const RIFF: [&str; 3] = ["image/webp", "video/x-msvideo", "audio/x-wav"];

/// Object identifiers, encoded, of the first field of OCSP's messages (RFC 6960): SHA-1 in a request,
/// the basic response in a reply; and where each may begin, by the lengths before it.
const OCSP: &[(&[u8], &str)] = &[
    (b"\x06\x05\x2b\x0e\x03\x02\x1a", "application/ocsp-request"),
    (b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01", "application/ocsp-response"),
];
const OCSP_AT: std::ops::RangeInclusive<usize> = 11..=19;

/// The type, if these bytes are known.
pub(super) fn of(head: &[u8]) -> Option<&'static str> {
    let stands = |(at, bytes, mime): &&(usize, &[u8], &str)| {
        // The first byte tells nearly all of them apart.
        bytes.first() == head.get(*at)
            && head.get(*at..).is_some_and(|rest| rest.starts_with(bytes))
            && (!RIFF.contains(mime) || head.starts_with(b"RIFF"))
    };
    let marked = || MARKS.iter().find(stands).map(|(_, _, mime)| *mime);
    let others = || bitmap(head).or_else(|| sound(head)).or_else(|| ocsp(head));
    elf(head).or_else(|| java(head)).or_else(marked).or_else(others)
}

/// ELF, by what it is for (`e_type`, in the byte order that it states).
fn elf(head: &[u8]) -> Option<&'static str> {
    let [low, high] = *head.strip_prefix(b"\x7fELF")?.get(12..)?.first_chunk()?;
    match if head.get(5) == Some(&2) { [high, low] } else { [low, high] } {
        [1, 0] => Some("application/x-object"),
        [2, 0] => Some("application/x-executable"),
        [3, 0] => Some("application/x-sharedlib"),
        [4, 0] => Some("application/x-coredump"),
        _ => None,
    }
}

/// Java's classes and programs for several processors of Apple begin alike: what follows is a version,
/// from 45 on, or how many processors.
fn java(head: &[u8]) -> Option<&'static str> {
    let [_, _, high, low] = *head.strip_prefix(b"\xca\xfe\xba\xbe")?.first_chunk()?;
    match (high, low) {
        (0, 1..=20) => Some("application/x-mach-o-executable"),
        _ if low >= 45 => Some("application/x-java-applet"),
        _ => None,
    }
}

/// Two letters are too few: the length of the header behind them must be one there is.
fn bitmap(head: &[u8]) -> Option<&'static str> {
    let len = head.strip_prefix(b"BM")?.get(12..14)?;
    let is_known = matches!(len, [12 | 40 | 64 | 108 | 124 | 128, 0]);
    is_known.then_some("image/x-ms-bmp")
}

/// MPEG's sound without a container: eleven or twelve bits set, then version, layer and protection.
fn sound(head: &[u8]) -> Option<&'static str> {
    match head.strip_prefix(b"\xff")?.first()? {
        0xf0 | 0xf1 | 0xf8 | 0xf9 => Some("audio/x-hx-aac-adts"),
        0xe2 | 0xe3 | 0xf2 | 0xf3 | 0xf6 | 0xf7 | 0xfa..=0xfd => Some("audio/mpeg"),
        _ => None,
    }
}

fn ocsp(head: &[u8]) -> Option<&'static str> {
    let stands = |(oid, _): &&(&[u8], &str)| {
        OCSP_AT.into_iter().any(|at| head.get(at..).is_some_and(|rest| rest.starts_with(oid)))
    };
    // All of a message is one sequence.
    let is_der = head.first() == Some(&0x30);
    OCSP.iter().filter(|_| is_der).find(stands).map(|(_, mime)| *mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_tells_its_own_type() {
        for (at, bytes, mime) in MARKS {
            let mut head = vec![b'.'; *at];
            if RIFF.contains(mime) {
                head[..4].copy_from_slice(b"RIFF");
            }
            head.extend_from_slice(bytes);
            head.resize(512, b'.');
            assert_eq!(of(&head), Some(*mime), "{}", bytes.escape_ascii());
        }
        assert_eq!(of(b"....vvvvWEBP"), None);
    }

    #[test]
    fn programs_are_told_by_what_they_are_for() {
        let elf = |order: u8, kind: [u8; 2]| {
            of(&[b"\x7fELF\x02".as_slice(), &[order], &[0; 10], &kind].concat())
        };
        assert_eq!(elf(1, [2, 0]), Some("application/x-executable"));
        assert_eq!(elf(2, [0, 3]), Some("application/x-sharedlib"));
        assert_eq!((elf(1, [0, 3]), elf(1, [9, 0])), (None, None));
        assert_eq!(of(b"\xca\xfe\xba\xbe\0\0\0\x34"), Some("application/x-java-applet"));
        assert_eq!(of(b"\xca\xfe\xba\xbe\0\0\0\x02"), Some("application/x-mach-o-executable"));
        assert_eq!(of(b"\xca\xfe\xba\xbe\0\0\0\x2c"), None);
    }

    #[test]
    fn sound_is_told_by_its_layer() {
        let [layer3, aac, none] = [b"\xff\xfb", b"\xff\xf1", b"\xff\xfe"].map(|head| of(head));
        assert_eq!((layer3, aac, none), (Some("audio/mpeg"), Some("audio/x-hx-aac-adts"), None));
    }

    #[test]
    fn a_bitmap_and_ocsp_need_more_than_their_mark() {
        let bitmap = |len: u8| of(&[b"BM".as_slice(), &[7; 12], &[len, 0]].concat());
        assert_eq!((bitmap(40), bitmap(41)), (Some("image/x-ms-bmp"), None));
        for (oid, mime) in OCSP {
            for (at, told) in [(10, None), (11, Some(*mime)), (19, Some(*mime)), (20, None)] {
                let mut message = vec![0x30; at];
                message.extend_from_slice(oid);
                assert_eq!(of(&message), told, "{mime} at {at}");
                message[0] = 0x31;
                assert_eq!(of(&message), None);
            }
        }
    }
}
