//! What the screen of a box shows: where the pump is opened, and until it has an owner the setup code, as text and as a code to
//! photograph. Nothing secret after that: whoever passes by sees the screen.

use crate::appliance::facts::{CardAddress, Standing};
use crate::appliance::wifi::{ADDRESS, NAME, PASSWORD};
use std::fmt::Write as _;

/// Clears the screen and goes to its first line (ECMA-48 §8.3.39, §8.3.21).
const AFRESH: &str = "\x1b[2J\x1b[H";

/// What it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// How the server stands; nothing if it does not answer.
    pub standing: Option<Standing>,
    /// The setup code, while there is one.
    pub setup_code: Option<String>,
    /// The addresses of the box.
    pub addresses: Vec<CardAddress>,
    /// What goes wrong.
    pub problems: Vec<String>,
}

impl Screen {
    /// The address that a phone opens from the code to photograph: the one without a name, which every phone finds.
    pub fn setup_url(&self) -> Option<String> {
        let standing = self
            .standing
            .as_ref()
            .filter(|standing| !standing.is_claimed)?;
        let code = self.setup_code.as_deref()?;
        let address = self.addresses.first()?.address;
        Some(format!(
            "{}setup#code={code}",
            standing.address_url(address)
        ))
    }

    /// The screen; `drawn` are the lines of [`Screen::setup_url`] as a code.
    pub fn text(&self, drawn: &[String]) -> String {
        let mut out = String::from(AFRESH);
        let mut line = |text: &dyn std::fmt::Display| {
            writeln!(out, " {text}").expect("a String takes all");
        };
        match &self.standing {
            None => line(&"Pumphouse is starting. The first time that takes a minute or two."),
            Some(standing) => {
                line(&format_args!(
                    "{}   (Pumphouse {})",
                    standing.site, standing.version
                ));
                line(&"");
                if self.addresses.iter().all(|one| one.address == ADDRESS) {
                    line(
                        &"No network. Plug a cable from this box into your router, or join the Wi-Fi",
                    );
                    line(&format_args!(
                        "\u{201c}{NAME}\u{201d} with a phone (password {PASSWORD}) and choose yours there."
                    ));
                } else {
                    line(&format_args!("Open    {}", standing.name_url()));
                }
                let four = self.addresses.iter().filter(|one| one.address.is_ipv4());
                for one in four {
                    line(&format_args!(
                        "or      {}",
                        standing.address_url(one.address)
                    ));
                }
                if let (Some(code), false) = (&self.setup_code, standing.is_claimed) {
                    line(&"");
                    line(&format_args!("Setup code   {code}"));
                    if !drawn.is_empty() {
                        line(&"or photograph this with a phone in the same network:");
                    }
                    for drawing in drawn {
                        line(drawing);
                    }
                }
            }
        }
        let own = self.standing.iter().flat_map(|standing| &standing.problems);
        for problem in self.problems.iter().chain(own) {
            line(&"");
            line(problem);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Screen;
    use crate::appliance::facts::{CardAddress, Standing};

    #[test]
    fn the_code_is_there_until_somebody_owns_the_box() {
        let mut screen = Screen {
            standing: Some(Standing {
                port: 80,
                site: "Pumphouse".to_owned(),
                ..Standing::default()
            }),
            setup_code: Some("7K3M-9QXD".to_owned()),
            addresses: vec![CardAddress {
                card: "end0".to_owned(),
                address: "192.168.1.20".parse().expect("an address"),
            }],
            problems: vec!["The disk is nearly full.".to_owned()],
        };
        let url = screen.setup_url().expect("unclaimed");
        assert_eq!(url, "http://192.168.1.20/setup#code=7K3M-9QXD");
        let text = screen.text(&["###".to_owned()]);
        for part in [
            "http://pump.local/",
            "http://192.168.1.20/",
            "Setup code   7K3M-9QXD",
            "###",
            "nearly full",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let fits = text.lines().all(|line| line.chars().count() <= 80);
        assert!(fits, "{text}");
        if let Some(standing) = &mut screen.standing {
            standing.is_claimed = true;
        }
        assert_eq!(screen.setup_url(), None);
        assert!(!screen.text(&[]).contains("7K3M"));
        screen.addresses.clear();
        assert!(screen.text(&[]).contains("No network"));
        assert!(Screen::default().text(&[]).contains("starting"));
    }
}
