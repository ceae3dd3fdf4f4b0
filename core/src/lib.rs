//! Reads network evidence and judges it: a pure function from bytes to a report.
//!
//! The tour, in the order of the data:
//!
//! 1. A [`source::Format`] recognises bytes by their content and opens a [`source::Reader`].
//! 2. The reader pushes [`event::Event`]s and [`note::Note`]s into a [`source::Sink`]. Captures
//!    do it through [`net`] (packets to streams) and [`proto`] (streams to events).
//! 3. [`records`] keeps the events as tables; each [`detect::Rule`] folds them and judges.
//! 4. [`report`] is what a person reads: findings, actors, coverage, notes.
//! 5. [`evidence`] reads captures again for the packets of some connections.
//! 6. [`session::Session`] holds it all together for a host: the page or the command.
//!
//! Nothing here does I/O, reads a clock, starts a thread or draws a random number.

pub mod bounded;
pub mod bytes;
pub mod detect;
pub mod event;
pub mod evidence;
pub mod net;
pub mod networks;
pub mod note;
pub(crate) mod order;
pub mod proto;
pub mod records;
pub mod report;
pub mod second_pass;
pub mod secrets;
pub mod session;
pub mod settings;
pub mod source;
pub mod stable;
pub mod stamp;
pub mod text;
pub mod time;
