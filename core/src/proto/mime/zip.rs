//! Zip archives, and what is one under another name: its first members say so.

use memchr::memmem::find;

/// The local header of a member (APPNOTE 4.3.7), without its name.
const HEADER: usize = 30;

/// How far from the start the manifest of a JAR may be; some put a folder before it.
const MANIFEST_WITHIN: usize = 300;

/// Folders of Office Open XML (ECMA-376), by the program that they are of.
const OFFICE: &[(&[u8], &str)] = &[
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];

/// What the first member says where it is called `mimetype`, behind `application/`. Longer ones before
/// those they begin with.
const STATED: &[(&[u8], &str)] = &[
    (b"epub+zip", "application/epub+zip"),
    (b"vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
    (b"vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet"),
    (b"vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.presentation"),
    (b"vnd.oasis.opendocument.graphics", "application/vnd.oasis.opendocument.graphics"),
];

/// The type, if it is a zip archive.
pub(super) fn of(head: &[u8]) -> Option<&'static str> {
    // An archive without members, and one in several volumes.
    if head.starts_with(b"PK\x05\x06") || head.starts_with(b"PK\x07\x08PK\x03\x04") {
        return Some("application/zip");
    }
    if !head.starts_with(b"PK\x03\x04") {
        return None;
    }
    let first = head.get(HEADER..).unwrap_or_default();
    let begins = |text: &[u8], all: &[(&[u8], &'static str)]| {
        all.iter().find(|(word, _)| text.starts_with(word)).map(|(_, mime)| *mime)
    };
    let stated = first.strip_prefix(b"mimetypeapplication/").and_then(|text| begins(text, STATED));
    let is_office = first.starts_with(b"[Content_Types].xml") || first.starts_with(b"_rels/.rels");
    let office = || begins(first, OFFICE).or_else(|| others(head).find_map(|n| begins(n, OFFICE)));
    let is_java = first.starts_with(b"META-INF/") && {
        let start = head.get(..MANIFEST_WITHIN).unwrap_or(head);
        find(start, b"META-INF/MANIFEST.MF").is_some()
    };
    Some(match stated {
        Some(mime) => mime,
        None if is_java => "application/java-archive",
        None if is_office || begins(first, OFFICE).is_some() => {
            office().unwrap_or("application/vnd.openxmlformats-officedocument")
        }
        None => "application/zip",
    })
}

/// The names of members behind the first, each with what follows.
fn others(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = memchr::memmem::find_iter(head, b"PK\x03\x04").skip(1);
    starts.filter_map(|at| head.get(at + HEADER..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Vec<u8> {
        [b"PK\x03\x04\x14\0", [0; HEADER - 6].as_slice(), name.as_bytes()].concat()
    }

    #[test]
    fn what_an_archive_is_for_is_told_by_its_first_members() {
        let archive = |names: &[&str]| names.iter().flat_map(|n| member(n)).collect::<Vec<u8>>();
        let ooxml = "application/vnd.openxmlformats-officedocument";
        for (names, mime) in [
            (&["a.txt", "word/document.xml"][..], "application/zip"),
            (&["META-INF/", "META-INF/MANIFEST.MF"], "application/java-archive"),
            (&["META-INF/", "a.class"], "application/zip"),
            (&["[Content_Types].xml", "_rels/.rels", "word/document.xml"], OFFICE[0].1),
            (&["_rels/.rels", "xl/workbook.xml"], OFFICE[1].1),
            (&["ppt/presentation.xml"], OFFICE[2].1),
            (&["[Content_Types].xml", "_rels/.rels"], ooxml),
            (&["mimetypeapplication/vnd.oasis.opendocument.text", "a"], STATED[1].1),
            (&["mimetypeapplication/epub+zip"], STATED[0].1),
            (&["mimetypeapplication/x-other"], "application/zip"),
        ] {
            assert_eq!(of(&archive(names)), Some(mime), "{names:?}");
        }
        assert_eq!((of(b"PK\x05\x06"), of(b"PK\x01\x02")), (Some("application/zip"), None));
    }
}
