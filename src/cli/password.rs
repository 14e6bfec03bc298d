//! Asks a person at a terminal for a new password, or reads it from whatever standard input is instead.

use crate::config::Secret;
use std::io::{self, BufRead, IsTerminal as _};

/// Longest password that is read, in bytes.
const PASSWORD_BYTES_MAX: u64 = 1024;

/// Reads a new password: at a terminal twice and unseen, else the first line of standard input. The error is a
/// sentence. Whether the password is good enough is not decided here (`pump-api.md §5.2`).
pub fn read_password() -> Result<Secret, String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_line(stdin.lock(), "password");
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map_err(|error| format!("Cannot read the password: {error}."))
    };
    let first = ask("New password: ")?;
    let again = ask("The same again: ")?;
    if first != again {
        return Err("The two passwords are not the same. Nothing was changed.".to_owned());
    }
    not_empty(first, "password")
}

/// Reads the passphrase for a file that is written, as [`read_password`] does.
pub fn read_new_passphrase() -> Result<Secret, String> {
    let first = read_passphrase("Passphrase for the backup: ")?;
    if io::stdin().is_terminal() && read_passphrase("The same again: ")? != first {
        return Err("The two passphrases are not the same. Nothing was written.".to_owned());
    }
    Ok(first)
}

/// Reads the passphrase of a file: at a terminal unseen, else the first line of standard input.
pub fn read_passphrase(prompt: &str) -> Result<Secret, String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_line(stdin.lock(), "passphrase");
    }
    let typed = rpassword::prompt_password(prompt);
    let typed = typed.map_err(|error| format!("Cannot read the passphrase: {error}."))?;
    not_empty(typed, "passphrase")
}

fn read_line(input: impl BufRead, what: &str) -> Result<Secret, String> {
    let mut line = String::new();
    input
        .take(PASSWORD_BYTES_MAX + 2)
        .read_line(&mut line)
        .map_err(|error| format!("Cannot read the {what} from standard input: {error}."))?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    not_empty(password.to_owned(), what)
}

fn not_empty(password: String, what: &str) -> Result<Secret, String> {
    if password.is_empty() {
        return Err(format!("The {what} is empty. Nothing was changed."));
    }
    if password.len() as u64 > PASSWORD_BYTES_MAX {
        return Err(format!("A {what} has at most {PASSWORD_BYTES_MAX} bytes."));
    }
    Ok(Secret::new(password))
}

#[cfg(test)]
mod tests {
    use super::read_line;

    #[test]
    fn the_first_line_of_standard_input_is_the_password() {
        for nothing in ["", "\n", "\r\n"] {
            assert!(
                read_line(nothing.as_bytes(), "password").is_err(),
                "{nothing:?}"
            );
        }
        assert!(read_line("x".repeat(1025).as_bytes(), "password").is_err());
        assert!(read_line("x".repeat(9999).as_bytes(), "password").is_err());
        assert!(read_line(&b"\xff\n"[..], "password").is_err());
        for line in ["open sesame ", "open sesame \n", "open sesame \r\nmore\n"] {
            let password = read_line(line.as_bytes(), "password").expect("a password");
            assert_eq!(password.reveal(), "open sesame ");
        }
    }
}
