//! The filter's text cut into words, quoted texts and signs, each with its place.

use super::FilterError;

/// A piece of the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `(` or `[`.
    Open,
    /// `)` or `]`.
    Close,
    /// `,`.
    Comma,
    /// A comparison, `!`, `&&` or `||`, as written.
    Sign(&'static str),
    /// A run of other characters.
    Word(String),
    /// What stood between quotes.
    Quoted(String),
    /// Nothing more.
    End,
}

/// A token and its range of bytes in the text.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Signs, longer ones before their beginnings.
const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "~", "!", "="];

/// Characters that end a word.
const ENDS: &[char] = &['(', ')', '[', ']', ',', '"', '\'', '=', '!', '<', '>', '~', '&', '|'];

/// Cuts `text` into tokens; the last is [`Token::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Placed>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let start = at + (rest.len() - rest.trim_start().len());
        let rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            tokens.push(Placed { token: Token::End, start, end: start });
            return Ok(tokens);
        };
        let (token, len) = match first {
            '(' | '[' => (Token::Open, 1),
            ')' | ']' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '"' | '\'' => quoted(rest, first)
                .ok_or_else(|| FilterError::new(start, rest.len(), "this quote is never closed"))?,
            _ => match SIGNS.into_iter().find(|s| rest.starts_with(s)) {
                Some(sign) => (Token::Sign(sign), sign.len()),
                None => word(rest),
            },
        };
        at = start + len;
        tokens.push(Placed { token, start, end: at });
    }
}

/// A word up to white space or a character that ends it; a lone `&` or `|` is a word of its own.
fn word(rest: &str) -> (Token, usize) {
    let is_end = |c: char| c.is_whitespace() || ENDS.contains(&c);
    let first = rest.chars().next().map_or(1, char::len_utf8);
    let len = rest
        .char_indices()
        .skip(1)
        .find(|(_, c)| is_end(*c))
        .map_or(rest.len(), |(i, _)| i)
        .max(first);
    (Token::Word(rest.get(..len).unwrap_or_default().to_owned()), len)
}

/// A text between quotes. `\"` is a quote; every other backslash stays for whoever reads the text.
fn quoted(rest: &str, quote: char) -> Option<(Token, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            c if c == quote => return Some((Token::Quoted(text), i + 1)),
            '\\' => match chars.next()?.1 {
                next if next == quote => text.push(next),
                next => text.extend(['\\', next]),
            },
            c => text.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        lex(text).unwrap().into_iter().map(|p| p.token).collect()
    }

    #[test]
    fn signs_need_no_space_around_them() {
        let word = |w: &str| Token::Word(w.to_owned());
        assert_eq!(
            tokens("id.orig_h==10.0.0.0/8&&!(a)"),
            [
                word("id.orig_h"),
                Token::Sign("=="),
                word("10.0.0.0/8"),
                Token::Sign("&&"),
                Token::Sign("!"),
                Token::Open,
                word("a"),
                Token::Close,
                Token::End
            ]
        );
    }

    #[test]
    fn quotes_hold_anything_and_backslashes_stay() {
        assert_eq!(
            tokens(r#""a \" b\x41""#),
            [Token::Quoted(r#"a " b\x41"#.to_owned()), Token::End]
        );
        assert_eq!(tokens("'it\"s'"), [Token::Quoted("it\"s".to_owned()), Token::End]);
        assert!(lex("a == \"b").is_err());
        assert!(lex("\"b\\").is_err());
    }
}
