//! Tokens to an expression: `or` binds weakest, then `and` (or nothing between), then `not`.

use super::FilterError;
use super::lex::{Placed, Token, lex};

/// Longest filter that is read; longer than any that a person or a pivot writes.
const MAX_TEXT: usize = 64 << 10;

/// Deepest nesting of parentheses and `not`; each level is one level of the machine's stack.
const MAX_DEPTH: usize = 64;

/// How a field is held against a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// A glob without regard to case.
    Like,
    Contains,
    /// The text as a whole word or name.
    Mentions,
    In,
    IsSet,
    IsUnset,
}

/// A value as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) len: usize,
}

/// An expression, not yet bound to the columns of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test { field: Literal, op: Op, values: Vec<Literal> },
    Anywhere(Literal),
}

/// Reads a filter. An empty one lets everything through.
pub(super) fn parse(text: &str) -> Result<Expr, FilterError> {
    if text.len() > MAX_TEXT {
        let message = format!("a filter may have {MAX_TEXT} bytes, this one has {}", text.len());
        return Err(FilterError::new(MAX_TEXT, 0, message));
    }
    let mut parser = Parser { tokens: lex(text)?, next: 0, depth: 0 };
    if parser.peek() == &Token::End {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.any()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.expected("`and`, `or` or the end")),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |p| &p.token)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(s) if *s == sign)
    }

    /// Steps over the next token if it is this word or sign.
    fn accept(&mut self, word: &str, sign: &str) -> bool {
        let found = self.is_word(word) || self.is_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn expected(&self, what: &str) -> FilterError {
        let (start, end) = self.tokens.get(self.next).map_or((0, 0), |p| (p.start, p.end));
        FilterError::new(start, end - start, format!("expected {what}"))
    }

    fn any(&mut self) -> Result<Expr, FilterError> {
        let mut terms = vec![self.all()?];
        while self.accept("or", "||") {
            terms.push(self.all()?);
        }
        Ok(one_or(terms, Expr::Any))
    }

    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut terms = vec![self.not()?];
        loop {
            let is_and = self.accept("and", "&&");
            let is_term = matches!(self.peek(), Token::Open | Token::Word(_) | Token::Quoted(_))
                || self.is_sign("!");
            if !is_and && (!is_term || self.is_word("or")) {
                return Ok(one_or(terms, Expr::All));
            }
            terms.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expr, FilterError> {
        let mut is_not = false;
        while self.accept("not", "!") {
            is_not = !is_not;
        }
        let expr = self.primary()?;
        Ok(if is_not { Expr::Not(Box::new(expr)) } else { expr })
    }

    fn primary(&mut self) -> Result<Expr, FilterError> {
        if self.peek() != &Token::Open {
            return self.test();
        }
        if self.depth >= MAX_DEPTH {
            return Err(
                self.expected(&format!("at most {MAX_DEPTH} parentheses inside each other"))
            );
        }
        self.depth += 1;
        self.next += 1;
        let expr = self.any()?;
        if self.peek() != &Token::Close {
            return Err(self.expected("`)`"));
        }
        self.next += 1;
        self.depth -= 1;
        Ok(expr)
    }

    /// A comparison, or a word that is looked for everywhere.
    fn test(&mut self) -> Result<Expr, FilterError> {
        let is_quoted = matches!(self.peek(), Token::Quoted(_));
        if ["and", "or", "in", "contains", "mentions"].iter().any(|w| self.is_word(w)) {
            return Err(self.expected("a field or a word before this"));
        }
        let first = self.value("a field, a word or `(`")?;
        if is_quoted {
            return Ok(Expr::Anywhere(first));
        }
        let Some(op) = self.op()? else { return Ok(Expr::Anywhere(first)) };
        let values = match op {
            Op::IsSet | Op::IsUnset => Vec::new(),
            Op::In if self.peek() == &Token::Open => self.list()?,
            _ => vec![self.value("a value")?],
        };
        Ok(Expr::Test { field: first, op, values })
    }

    fn op(&mut self) -> Result<Option<Op>, FilterError> {
        let op = match self.peek() {
            Token::Sign("==") => Op::Equal,
            Token::Sign("!=") => Op::NotEqual,
            Token::Sign("<") => Op::Less,
            Token::Sign("<=") => Op::LessOrEqual,
            Token::Sign(">") => Op::Greater,
            Token::Sign(">=") => Op::GreaterOrEqual,
            Token::Sign("~") => Op::Like,
            Token::Sign("=") => return Err(self.expected("`==` for equal")),
            Token::Word(_) if self.is_word("contains") => Op::Contains,
            Token::Word(_) if self.is_word("mentions") => Op::Mentions,
            Token::Word(_) if self.is_word("in") => Op::In,
            Token::Word(_) if self.is_word("is") => {
                self.next += 1;
                match self.peek() {
                    Token::Word(_) if self.is_word("set") => Op::IsSet,
                    Token::Word(_) if self.is_word("unset") => Op::IsUnset,
                    _ => return Err(self.expected("`set` or `unset` after `is`")),
                }
            }
            _ => return Ok(None),
        };
        self.next += 1;
        Ok(Some(op))
    }

    fn list(&mut self) -> Result<Vec<Literal>, FilterError> {
        self.next += 1;
        let mut values = vec![self.value("a value")?];
        while self.peek() != &Token::Close {
            self.next += usize::from(self.peek() == &Token::Comma);
            values.push(self.value("a value, `,` or `)`")?);
        }
        self.next += 1;
        Ok(values)
    }

    fn value(&mut self, what: &str) -> Result<Literal, FilterError> {
        let Some(Placed { token: Token::Word(text) | Token::Quoted(text), start, end }) =
            self.tokens.get(self.next)
        else {
            return Err(self.expected(what));
        };
        self.next += 1;
        Ok(Literal { text: text.clone(), start: *start, len: end - start })
    }
}

fn one_or(mut terms: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        Some(last) => {
            terms.push(last);
            join(terms)
        }
        None => join(terms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(expr: &Expr) -> String {
        let join = |terms: &[Expr], with: &str| {
            format!("({})", terms.iter().map(shape).collect::<Vec<_>>().join(with))
        };
        match expr {
            Expr::All(terms) => join(terms, " & "),
            Expr::Any(terms) => join(terms, " | "),
            Expr::Not(inner) => format!("!{}", shape(inner)),
            Expr::Anywhere(word) => word.text.clone(),
            Expr::Test { field, op, values } => {
                let values: Vec<_> = values.iter().map(|v| v.text.as_str()).collect();
                format!("{} {op:?} {}", field.text, values.join(","))
            }
        }
    }

    #[test]
    fn and_binds_stronger_than_or_and_may_be_left_out() {
        let got = |text| shape(&parse(text).unwrap());
        assert_eq!(got("a b or not c and (d or e)"), "((a & b) | (!c & (d | e)))");
        assert_eq!(got("x == 1 y in (2, 3 4)"), "(x Equal 1 & y In 2,3,4)");
        assert_eq!(got("x is unset && !!z"), "(x IsUnset  & z)");
        assert_eq!(got("  "), "()");
    }

    #[test]
    fn an_error_says_where_and_what_was_expected() {
        for (text, at, what) in [
            ("x = 1", 2, "`==`"),
            ("x ==", 4, "a value"),
            ("(a", 2, "`)`"),
            ("a)", 1, "the end"),
            ("a or", 4, "a field"),
            ("x is 5", 5, "`set`"),
            ("and b", 0, "before this"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}");
            assert!(error.message.contains(what), "{text}: {}", error.message);
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
        assert!(parse(&"not ".repeat(10_000)).is_err());
        assert!(parse(&format!("{}a", "!".repeat(10_000))).is_ok());
        assert!(parse(&"a".repeat(MAX_TEXT)).is_ok());
        assert!(parse(&"a".repeat(MAX_TEXT + 1)).is_err());
    }
}
