//! How mail leaves the server: what a letter is ([`letter`]), and the conversation with the mail server ([`transport`]).
//! The only folder that names lettre. What letters say, and when they are sent, is decided above.

mod letter;
mod transport;

pub use letter::Letter;
pub use transport::{Error, Mailer};
