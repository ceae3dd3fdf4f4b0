//! DNS messages on the wire: header, questions and records as views (RFC 1035 section 4).

use super::codes::{CLASS_ANY, CLASS_NONE, OPCODE_UPDATE, rtype};
use super::name::Name;
use crate::bytes::Cursor;

/// Bytes of a header.
pub const HEADER_LEN: usize = 12;

/// Questions in one message beyond which it is not DNS: Zeek's `dns_max_queries`. Real queries
/// have one; multicast DNS packs a few.
pub const MAX_QUESTIONS: u16 = 25;

/// Something wrong in a message. What came before it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Shorter than a header.
    HeaderCut,
    /// More questions than any message has.
    TooManyQuestions,
    /// A question is cut behind its name.
    QuestionCut,
    /// A record is cut behind its name.
    RecordCut,
    /// A record's data are longer than the message.
    RdataCut,
    /// A record's data have not the length that its type has.
    RdataLength,
    /// A name in a record's data ends elsewhere than the data.
    RdataMismatch,
    /// A name runs past the end of the message.
    NameCut,
    /// A label runs past the end of the message.
    LabelPastEnd,
    /// A name is longer than allowed.
    NameTooLong,
    /// A label has a length of the reserved kinds 01 and 10.
    LabelReserved,
    /// A pointer points to itself or forward.
    PointerForward,
    /// Pointers go round, or are more than any name needs.
    PointerLoop,
    /// Bytes follow the last record.
    Trailing,
    /// There were more records than a row keeps.
    RecordsLeftOut,
}

impl Flaw {
    /// Zeek's name of the anomaly where it has one.
    pub const fn weird(self) -> &'static str {
        match self {
            Self::HeaderCut => "DNS_truncated_len_lt_hdr_len",
            Self::TooManyQuestions => "DNS_Conn_count_too_large",
            Self::QuestionCut => "DNS_truncated_quest_too_short",
            Self::RecordCut => "DNS_truncated_ans_too_short",
            Self::RdataCut => "DNS_truncated_RR_rdlength_lt_len",
            Self::RdataLength => "DNS_RR_bad_length",
            Self::RdataMismatch => "DNS_RR_length_mismatch",
            Self::NameCut => "DNS_truncated_name",
            Self::LabelPastEnd => "DNS_label_len_gt_pkt",
            Self::NameTooLong => "DNS_NAME_too_long",
            Self::LabelReserved => "DNS_label_too_long",
            Self::PointerForward => "DNS_label_forward_compress_offset",
            Self::PointerLoop => "DNS_label_compress_loop",
            Self::Trailing => "DNS_trailing_data",
            Self::RecordsLeftOut => "DNS_records_left_out",
        }
    }
}

/// The fixed part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Identifier, chosen by the asker.
    pub id: u16,
    /// The two octets of flags.
    pub flags: u16,
    /// Numbers of questions, answers, authority and additional records, as stated.
    pub counts: [u16; 4],
}

impl Header {
    /// From the first [`HEADER_LEN`] bytes.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(message);
        let (id, flags) = (c.be16()?, c.be16()?);
        Some(Self { id, flags, counts: [c.be16()?, c.be16()?, c.be16()?, c.be16()?] })
    }

    /// True for a reply.
    pub const fn is_reply(self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// What kind of query.
    pub const fn opcode(self) -> u8 {
        (self.flags >> 11 & 0xf) as u8
    }

    /// Authoritative answer.
    pub const fn aa(self) -> bool {
        self.flags & 0x400 != 0
    }

    /// Truncated.
    pub const fn tc(self) -> bool {
        self.flags & 0x200 != 0
    }

    /// Recursion desired.
    pub const fn rd(self) -> bool {
        self.flags & 0x100 != 0
    }

    /// Recursion available.
    pub const fn ra(self) -> bool {
        self.flags & 0x80 != 0
    }

    /// The three bits that RFC 1035 reserved; the lower two are AD and CD of RFC 4035.
    pub const fn z(self) -> u8 {
        (self.flags >> 4 & 7) as u8
    }

    /// The lower four bits of the response code.
    pub const fn rcode(self) -> u16 {
        self.flags & 0xf
    }
}

/// One entry of the question section, or the zone of an update.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The name asked for.
    pub name: Name<'a>,
    /// The record type asked for.
    pub qtype: u16,
    /// The class.
    pub qclass: u16,
}

/// One resource record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The owner.
    pub name: Name<'a>,
    /// The record's type.
    pub rtype: u16,
    /// The class; for OPT the sender's payload size.
    pub class: u16,
    /// Seconds it may be cached; for OPT further flags.
    pub ttl: u32,
    /// The data.
    pub rdata: &'a [u8],
    /// Where the data begin in the message.
    pub rdata_at: usize,
}

/// A message, as far as it could be read.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// All of its bytes, which names point into.
    pub bytes: &'a [u8],
    /// The header.
    pub header: Header,
    /// The question section.
    pub questions: Vec<Question<'a>>,
    /// Answer (or prerequisite), authority (or update) and additional section.
    pub sections: [Vec<Record<'a>>; 3],
    /// What was wrong, each kind once, in the order met.
    pub flaws: Vec<Flaw>,
    /// True when every record that the header states was read.
    pub is_whole: bool,
}

impl<'a> Message<'a> {
    /// Reads a message. `None` only without a header or with an impossible number of questions.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let header = Header::parse(bytes).ok_or(Flaw::HeaderCut)?;
        let [n_questions, ..] = header.counts;
        if n_questions > MAX_QUESTIONS {
            return Err(Flaw::TooManyQuestions);
        }
        let mut message = Self {
            bytes,
            header,
            questions: Vec::new(),
            sections: Default::default(),
            flaws: Vec::new(),
            is_whole: false,
        };
        message.is_whole = message.read_sections().is_some();
        Ok(message)
    }

    /// True when a class that a DNS speaker would use stands in its first question or record.
    pub fn has_known_class(&self) -> bool {
        // Multicast DNS uses the high bit (RFC 6762 sections 5.4 and 10.2).
        let known = |class: u16| matches!(class & 0x7fff, 1 | 3 | 4 | CLASS_NONE | CLASS_ANY);
        let question = self.questions.first().map(|q| q.qclass);
        let record = || self.sections.iter().flatten().find(|r| r.rtype != rtype::OPT);
        question.or_else(|| record().map(|r| r.class)).is_some_and(known)
    }

    /// True for the messages of RFC 2136.
    pub const fn is_update(&self) -> bool {
        self.header.opcode() == OPCODE_UPDATE
    }

    fn read_sections(&mut self) -> Option<()> {
        let [n_questions, counts @ ..] = self.header.counts;
        let mut pos = HEADER_LEN;
        for _ in 0..n_questions {
            pos = self.read_question(pos)?;
        }
        for (section, count) in counts.into_iter().enumerate() {
            for _ in 0..count {
                pos = self.read_record(pos, section)?;
            }
        }
        if pos < self.bytes.len() {
            self.flaw(Flaw::Trailing);
        }
        Some(())
    }

    fn read_question(&mut self, at: usize) -> Option<usize> {
        let (name, next) = self.read_name(at)?;
        let mut c = Cursor::new(self.bytes.get(next..)?);
        let (Some(qtype), Some(qclass)) = (c.be16(), c.be16()) else {
            self.flaw(Flaw::QuestionCut);
            return None;
        };
        self.questions.push(Question { name, qtype, qclass });
        Some(next + 4)
    }

    fn read_record(&mut self, at: usize, section: usize) -> Option<usize> {
        let (name, next) = self.read_name(at)?;
        let mut c = Cursor::new(self.bytes.get(next..)?);
        let fixed = (c.be16(), c.be16(), c.be32(), c.be16());
        let (Some(rtype), Some(class), Some(ttl), Some(len)) = fixed else {
            self.flaw(Flaw::RecordCut);
            return None;
        };
        let Some(rdata) = c.take(usize::from(len)) else {
            self.flaw(Flaw::RdataCut);
            return None;
        };
        let rdata_at = next + 10;
        let record = Record { name, rtype, class, ttl, rdata, rdata_at };
        self.sections.get_mut(section)?.push(record);
        Some(rdata_at + usize::from(len))
    }

    fn read_name(&mut self, at: usize) -> Option<(Name<'a>, usize)> {
        let read = Name::read(self.bytes, at);
        if let Some(flaw) = read.flaw {
            self.flaw(flaw);
        }
        Some((read.name, read.next?))
    }

    fn flaw(&mut self, flaw: Flaw) {
        if !self.flaws.contains(&flaw) {
            self.flaws.push(flaw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reply of zeek/testing/btest/Traces/dns-caa.pcap (BSD-3-Clause), packet 2.
    const CAA: &[u8] = b"\x35\x5e\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x06google\x03com\x00\
        \x01\x01\x00\x01\xc0\x0c\x01\x01\x00\x01\x00\x00\x54\x49\x00\x13\x00\x05issuesymantec.com";

    #[test]
    fn a_reply_is_read_whole() {
        let m = Message::parse(CAA).unwrap();
        assert!(m.is_whole && m.flaws.is_empty() && m.header.is_reply() && m.has_known_class());
        assert_eq!(m.questions[0].name.bytes(), b"google.com");
        let [answers, auth, addl] = &m.sections;
        assert_eq!((answers.len(), auth.len(), addl.len()), (1, 0, 0));
        assert_eq!((answers[0].rtype, answers[0].ttl), (rtype::CAA, 21577));
        assert_eq!(answers[0].rdata, b"\x00\x05issuesymantec.com");
    }

    #[test]
    fn a_cut_at_any_place_keeps_what_came_before() {
        for cut in 0..CAA.len() {
            let Ok(m) = Message::parse(&CAA[..cut]) else {
                assert!(cut < HEADER_LEN);
                continue;
            };
            assert!(!m.is_whole, "cut at {cut}");
            assert_eq!(m.questions.len(), usize::from(cut >= 28), "cut at {cut}");
            assert!(m.sections[0].is_empty());
        }
        let m = Message::parse(&CAA[..CAA.len() - 1]).unwrap();
        assert_eq!(m.flaws, [Flaw::RdataCut]);
    }

    #[test]
    fn the_number_of_questions_has_its_limit() {
        let head = |n: u16| {
            let mut m = CAA[..HEADER_LEN].to_vec();
            m[4..6].copy_from_slice(&n.to_be_bytes());
            m
        };
        assert!(Message::parse(&head(MAX_QUESTIONS)).is_ok());
        assert_eq!(Message::parse(&head(MAX_QUESTIONS + 1)).err(), Some(Flaw::TooManyQuestions));
    }

    #[test]
    fn bytes_behind_the_last_record_are_said() {
        let long = [CAA, b"\0"].concat();
        let m = Message::parse(&long).unwrap();
        assert!(m.is_whole);
        assert_eq!(m.flaws, [Flaw::Trailing]);
    }
}
