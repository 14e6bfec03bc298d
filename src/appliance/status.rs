//! `pump-status.txt`: in plain words what the last start did, for whoever puts the card into another computer.

use crate::appliance::facts::{CardAddress, Standing};
use crate::appliance::handover::Report;
use crate::appliance::wifi::{ADDRESS, NAME, PASSWORD};
use std::fmt::Write as _;

/// The file on the boot partition.
pub const FILE: &str = "pump-status.txt";

/// What it is made of.
#[derive(Default)]
pub struct Facts {
    /// How the server stands; nothing if it does not answer.
    pub standing: Option<Standing>,
    /// The setup code, while there is one.
    pub setup_code: Option<String>,
    /// What the files of the boot partition did.
    pub report: Report,
    /// The addresses of the box.
    pub addresses: Vec<CardAddress>,
    /// How many keys log in from afar.
    pub keys: usize,
    /// Free and total bytes of the data partition, in words.
    pub room: Option<(String, String)>,
    /// What the last update of the program came to.
    pub update: Option<String>,
    /// What else went wrong.
    pub problems: Vec<String>,
}

impl Facts {
    /// The text, with the ends of lines that every editor understands.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |text: &dyn std::fmt::Display| {
            writeln!(out, "{text}").expect("a String takes all");
        };
        line(&"What your pump did when it was started last. It writes this file itself.");
        line(&"");
        line(&"OPEN IT");
        match &self.standing {
            Some(standing) => {
                line(&format_args!("  {}", standing.name_url()));
                let four = self.addresses.iter().filter(|one| one.address.is_ipv4());
                for one in four {
                    line(&format_args!(
                        "  {}   (where the name is not found)",
                        standing.address_url(one.address)
                    ));
                }
                match (&self.setup_code, standing.is_claimed) {
                    (Some(code), false) => line(&format_args!(
                        "  Nobody has set it up yet. The setup code is {code}"
                    )),
                    _ => line(&format_args!("  It is called {}.", standing.site)),
                }
                line(&format_args!("  Version {}.", standing.version));
            }
            None => {
                line(
                    &"  The pump itself did not answer when this was written. Wait for two minutes, take the power away and give it again.",
                );
                line(&"  If this stays so, the screen at its HDMI plug says more.");
            }
        }
        line(&"");
        line(&"NETWORK");
        let mut is_alone = true;
        for one in self.addresses.iter().filter(|one| one.address != ADDRESS) {
            is_alone = false;
            line(&format_args!("  {}: {}", one.card, one.address));
        }
        if is_alone {
            line(&format_args!(
                "  None. Plug a cable from the box into your router. Or join the Wi-Fi \u{201c}{NAME}\u{201d} with a phone (password {PASSWORD}), which a box with Wi-Fi opens after a minute, and choose yours there. Or write your Wi-Fi into pump.toml (README-FIRST.txt shows how)."
            ));
        }
        if self.keys > 0 {
            line(&format_args!(
                "  Secure shell (SSH): on. Keys that log in: {}",
                self.keys
            ));
        }
        line(&"");
        line(&"FILES ON THIS CARD");
        if self.report.used.is_empty() && self.report.done.is_empty() {
            line(&"  There was none with wishes in it, or nothing new.");
        } else {
            line(&format_args!("  Used: {}", self.report.used.join(", ")));
        }
        for done in &self.report.done {
            line(&format_args!("  {done}"));
        }
        if let Some((free, total)) = &self.room {
            line(&"");
            line(&"ROOM FOR YOUR DATA");
            line(&format_args!("  {free} of {total} are free."));
        }
        if let Some(update) = &self.update {
            line(&"");
            line(&"LAST UPDATE");
            line(&format_args!("  {update}"));
        }
        line(&"");
        line(&"WHAT WENT WRONG");
        let own = self.standing.iter().flat_map(|standing| &standing.problems);
        let mut is_fine = true;
        for problem in self.report.problems.iter().chain(&self.problems).chain(own) {
            is_fine = false;
            line(&format_args!("  - {problem}"));
        }
        if is_fine {
            line(&"  Nothing.");
        }
        out.replace('\n', "\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use crate::appliance::facts::{CardAddress, Standing};
    use crate::appliance::handover::Report;

    #[test]
    fn it_says_where_to_go_and_what_is_wrong_and_no_code_after_the_claim() {
        let mut facts = Facts {
            standing: Some(Standing {
                port: 80,
                site: "Prodromou".to_owned(),
                problems: vec!["The disk is nearly full.".to_owned()],
                ..Standing::default()
            }),
            setup_code: Some("7K3M-9QXD".to_owned()),
            report: Report {
                used: vec!["pump.toml".to_owned()],
                problems: vec!["pump.toml: x".to_owned()],
                ..Report::default()
            },
            addresses: vec![CardAddress {
                card: "end0".to_owned(),
                address: "192.168.1.20".parse().expect("an address"),
            }],
            ..Facts::default()
        };
        let text = facts.text();
        for part in [
            "  http://pump.local/\r\n",
            "  http://192.168.1.20/ ",
            "7K3M-9QXD",
            "end0: 192.168.1.20",
            "Used: pump.toml",
            "- pump.toml: x",
            "- The disk is nearly full.",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        if let Some(standing) = &mut facts.standing {
            standing.is_claimed = true;
            standing.url = Some("http://pump.local".to_owned());
        }
        let text = facts.text();
        assert!(!text.contains("7K3M"), "{text}");
        assert!(text.contains("It is called Prodromou."), "{text}");
        let text = Facts::default().text();
        assert!(
            text.contains("did not answer") && text.contains("None. Plug"),
            "{text}"
        );
        assert!(text.ends_with("  Nothing.\r\n"), "{text}");
    }
}
