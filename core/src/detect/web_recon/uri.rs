//! What a request target alone tells: its path, its version template, and whether it carries syntax
//! that no page links to.

use crate::text::percent_decoded;
use std::borrow::Cow;

/// Longest part of a target that is looked at; what comes after tells nothing more.
const MAX_LOOK: usize = 512;

/// Syntax that reaches past a web application, lower case and percent-decoded: path traversal,
/// query-language injection, shell, template and lookup expressions, script injection.
const SYNTAX: &[&str] = &[
    "../",
    "..\\",
    "/etc/passwd",
    "/etc/shadow",
    "/proc/self/",
    "boot.ini",
    "union select",
    "union all select",
    "information_schema",
    ",null,null",
    "' or '",
    " or 1=1",
    "sleep(",
    "benchmark(",
    "<script",
    "${jndi:",
    "/bin/sh",
    ";cat ",
    "|cat ",
    "php://",
    "xp_cmdshell",
];

/// Paths that browsers, crawlers and certificate authorities ask for by themselves, by their start.
const UNASKED: &[&str] = &[
    "/.well-known/",
    "/ads.txt",
    "/app-ads.txt",
    "/apple-touch-icon",
    "/browserconfig.xml",
    "/favicon",
    "/humans.txt",
    "/robots.txt",
    "/security.txt",
    "/sitemap",
];

/// Parts of paths that only a guess asks for, lower case: consoles, installers and leftovers of
/// common software, which no page links to for visitors.
const GUESSED: &[&str] = &[
    "actuator",
    "adminer.php",
    "boaform",
    "cgi-bin",
    "eval-stdin.php",
    "hnap1",
    "id_rsa",
    "info.php",
    "jmx-console",
    "myadmin",
    "phpinfo.php",
    "phpmyadmin",
    "pma",
    "server-info",
    "server-status",
    "shell.php",
    "web-console",
    "web.config",
    "wp-admin",
    "wp-config.php",
    "wp-login.php",
    "xmlrpc.php",
];

/// Endings of copies that editors, administrators and databases leave behind.
const LEFTOVER: &[&str] = &["bak", "old", "orig", "save", "sql", "swp"];

/// Endings of what pages pull in: a broken page asks for many of them at once.
const STATIC: &[&str] = &[
    "avif", "bmp", "css", "eot", "gif", "ico", "jpeg", "jpg", "js", "map", "mp3", "mp4", "otf",
    "png", "svg", "ttf", "webm", "webp", "woff", "woff2",
];

/// The path of a target: without scheme and host, query and fragment.
pub(super) fn path(uri: &str) -> &str {
    let uri = head(uri);
    let origin_form = match uri.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').and_then(|i| rest.get(i..)),
        _ => Some(uri),
    };
    let path = origin_form.unwrap_or("/");
    path.split(['?', '#']).next().unwrap_or(path)
}

/// True when a missing path says nothing about who asked: it is asked for without any link, or
/// by a page that lost its parts.
pub(super) fn is_ordinary(path: &str) -> bool {
    UNASKED.iter().any(|p| path.starts_with(p))
        || extension(path).is_some_and(|e| STATIC.binary_search(&e.as_str()).is_ok())
}

/// True for a path that nobody is led to: a hidden file or folder, a copy left behind, a console.
pub(super) fn is_guess(path: &str) -> bool {
    let is_left = extension(path).is_some_and(|e| LEFTOVER.binary_search(&e.as_str()).is_ok());
    let is_part = |part: &str| {
        let is_hidden = part.len() > 1 && part.starts_with('.') && part != "..";
        (is_hidden && part != ".well-known")
            || GUESSED.binary_search(&part.to_ascii_lowercase().as_str()).is_ok()
    };
    is_left || path.split('/').any(is_part)
}

/// The ending of the last part of a path, lower case.
pub(super) fn extension(path: &str) -> Option<String> {
    let (_, last) = path.rsplit_once('/')?;
    let (stem, ending) = last.rsplit_once('.')?;
    let is_plain =
        (1..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_plain && !stem.is_empty() && !ending.bytes().all(|b| b.is_ascii_digit()))
        .then(|| ending.to_ascii_lowercase())
}

/// The path with its version taken out, if it has one: a dotted number, with what marks a
/// candidate or a patch level after it. `None` when no part looks like a version.
pub(super) fn template(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let start = (0..bytes.len()).find(|i| {
        let digits = |at: usize| bytes.iter().skip(at).take_while(|b| b.is_ascii_digit()).count();
        let n = digits(*i);
        n > 0 && bytes.get(i + n) == Some(&b'.') && digits(i + n + 1) > 0
    })?;
    let rest = path.get(start..)?;
    let len = rest.find('/').unwrap_or(rest.len());
    let part = rest.get(..len)?;
    // What follows the version within its part stays: `-all-languages`, but not `-rc1` or `-pl2`.
    let kept: String = part
        .split('-')
        .filter(|w| !w.bytes().any(|b| b.is_ascii_digit()))
        .fold(String::new(), |all, w| all + "-" + w);
    Some(format!("{}#{kept}{}", path.get(..start)?, rest.get(len..)?))
}

/// True when the target begins its path with a doubled slash, as lists joined to a base do.
pub(super) fn is_doubled(uri: &str) -> bool {
    path(uri).starts_with("//")
}

/// The syntax that a target carries, if any, decoded up to twice.
pub(super) fn syntax(uri: &str) -> Option<&'static str> {
    let once = decoded(head(uri));
    let twice = decoded(&once).replace(['+', '\t'], " ").to_ascii_lowercase();
    SYNTAX.iter().copied().find(|s| twice.contains(s))
}

fn head(uri: &str) -> &str {
    uri.get(..uri.floor_char_boundary(MAX_LOOK)).unwrap_or(uri)
}

fn decoded(text: &str) -> Cow<'_, str> {
    match percent_decoded(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_is_ordinary() {
        assert_eq!(path("http://a.test/x/y?z#q"), "/x/y");
        assert_eq!(path("//phpMyAdmin/setup.php"), "//phpMyAdmin/setup.php");
        assert_eq!(path("http://a.test"), "/");
        assert!(
            is_ordinary("/favicon.ico") && is_ordinary("/a/b.PNG") && !is_ordinary("/a/setup.php")
        );
        assert_eq!(extension("/a/setup.PHP").as_deref(), Some("php"));
        assert_eq!(extension("/v1.2/x"), None);
        assert!(STATIC.is_sorted());
    }

    #[test]
    fn guesses_ask_for_what_no_page_links_to() {
        for path in ["/.env", "/a/.git/HEAD", "/phpMyAdmin/", "/db/dump.SQL", "/x/wp-login.php"] {
            assert!(is_guess(path), "{path}");
        }
        for path in
            ["/", "/.well-known/acme", "/a/../b", "/blog/phpmyadmin-tips", "/v1.old/x", "/."]
        {
            assert!(!is_guess(path), "{path}");
        }
        assert!(GUESSED.is_sorted() && LEFTOVER.is_sorted());
    }

    #[test]
    fn versions_of_one_path_share_a_template() {
        let want = template("//phpMyAdmin-2.2.3/scripts/setup.php");
        assert_eq!(want.as_deref(), Some("//phpMyAdmin-#/scripts/setup.php"));
        for p in [
            "//phpMyAdmin-2.6.0-rc1/scripts/setup.php",
            "//phpMyAdmin-2.8.0.4/scripts/setup.php",
            "//phpMyAdmin-2.6.0-pl1/scripts/setup.php",
        ] {
            assert_eq!(template(p), want, "{p}");
        }
        assert_eq!(template("/article/123"), None);
        assert_eq!(template("/p-1.2-all/x").as_deref(), Some("/p-#-all/x"));
    }

    #[test]
    fn syntax_is_seen_through_encodings() {
        for uri in [
            "/%252e%252E%252ffoo",
            "/x?a=%20UNION%20SELECT%201",
            "/?a=${jndi:ldap://x}",
            "/%2fetc%2fpasswd",
            "/x?q=1'+or+'1",
        ] {
            assert!(syntax(uri).is_some(), "{uri}");
        }
        for uri in ["/union/select-committee", "/a..b/c", "/?next=http://a.test/", "/100%"] {
            assert_eq!(syntax(uri), None, "{uri}");
        }
        assert_eq!(head(&"é".repeat(900)).len(), MAX_LOOK);
    }
}
