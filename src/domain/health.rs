//! How the machine is that this runs on: how hot, how worn its memory card, whether it gets enough power, and how much memory is
//! left; with what to do about what is not well. Read from where Linux tells it (sysfs, option `sysdir`); what a machine does not tell is left
//! out.

use crate::words::{Words, marked};
use std::fs;
use std::path::{Path, PathBuf};

/// From here on a processor slows itself down, in thousandths of a degree Celsius: a Raspberry Pi begins at 80 °C.
const HOT_MILLIDEGREES: i64 = 80_000;

/// What no thermometer of a running machine shows, in thousandths of a degree.
const NONSENSE_MILLIDEGREES: i64 = 150_000;

/// Used part of a card's life from which on it should be replaced, in tenths (JEDEC eMMC 5.0, `DEVICE_LIFE_TIME_EST`).
const WORN_TENTHS: u64 = 9;

/// Below this part of its memory a machine has too little left, in hundredths.
const MEMORY_LOW_PERCENT: u64 = 5;

/// Most entries of one directory that are looked at.
const ENTRIES_MAX: usize = 64;

/// What the machine says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The hottest part, in thousandths of a degree Celsius.
    pub millidegrees: Option<i64>,
    /// Cards that tell how worn they are.
    pub cards: Vec<Card>,
    /// Whether the power supply is too weak: now, or at some time since the machine started.
    pub power: Option<Power>,
    /// The memory of the machine, in bytes: all of it, and what programs can still have.
    pub memory: Option<(u64, u64)>,
}

/// A memory card, or a chip that is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What the system calls it, like `mmcblk0`.
    pub name: String,
    /// How much of its life is used, in tenths, rounded up; 11 is more than all of it.
    pub used_tenths: Option<u64>,
    /// Whether it says that its spare blocks come to an end.
    pub is_failing: bool,
}

/// Whether there is enough power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Enough, as far as was seen.
    Good,
    /// There was too little at some time since the machine started.
    WasLow,
    /// Too little now.
    Low,
}

/// Looks at the machine; `sysdir` is where sysfs is, mostly `/sys`.
pub fn look(sysdir: &Path) -> Health {
    Health {
        millidegrees: temperature(sysdir),
        cards: cards(sysdir),
        power: power(sysdir),
        memory: memory(),
    }
}

impl Health {
    /// What is not well, a sentence each, with what to do.
    pub fn concerns(&self, words: Words) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(hot) = self.millidegrees.filter(|now| *now >= HOT_MILLIDEGREES) {
            all.push(words.fill(
                marked("The machine is {0} °C hot, and slows down to cool. Give it air: open its case, or let it stand free."),
                [degrees(hot).as_str()],
            ));
        }
        match self.power {
            Some(Power::Low) => all.push(
                words
                    .say(marked("The power supply is too weak: the machine gets too little voltage, and may lose what it writes. Use the supply that is made for it, and a short cable."))
                    .to_owned(),
            ),
            Some(Power::WasLow) => all.push(
                words
                    .say(marked("The power supply was too weak at times since the machine was switched on. Use the supply that is made for it, and a short cable."))
                    .to_owned(),
            ),
            Some(Power::Good) | None => {}
        }
        for card in &self.cards {
            if card.is_failing {
                all.push(words.fill(
                    marked("The memory card ({0}) says that it will not live much longer. Make a backup now, and move to a new card."),
                    [card.name.as_str()],
                ));
            } else if card.used_tenths.is_some_and(|used| used > WORN_TENTHS) {
                all.push(words.fill(
                    marked("The memory card ({0}) has used up nearly all of its life. Make a backup, and move to a new card soon."),
                    [card.name.as_str()],
                ));
            }
        }
        if let Some((all_bytes, left)) = self.memory
            && left < all_bytes / 100 * MEMORY_LOW_PERCENT
        {
            all.push(words.fill(
                marked("Only {0} of memory are left. Stop other programs on this machine, or restart it."),
                [words.size(left).as_str()],
            ));
        }
        all
    }

    /// The temperature in whole degrees Celsius.
    pub fn degrees(&self) -> Option<String> {
        self.millidegrees.map(degrees)
    }
}

fn degrees(millidegrees: i64) -> String {
    ((millidegrees + 500).div_euclid(1000)).to_string()
}

/// The hottest of the thermometers.
fn temperature(sysdir: &Path) -> Option<i64> {
    let zones = entries(&sysdir.join("class/thermal"), "thermal_zone");
    let read = |zone: PathBuf| text(&zone.join("temp"))?.parse::<i64>().ok();
    let is_sensible = |now: &i64| (-NONSENSE_MILLIDEGREES..NONSENSE_MILLIDEGREES).contains(now);
    let zones = zones.into_iter();
    zones.filter_map(read).filter(is_sensible).max()
}

fn cards(sysdir: &Path) -> Vec<Card> {
    let blocks = entries(&sysdir.join("block"), "mmcblk");
    let blocks = blocks.into_iter();
    let mut cards: Vec<Card> = blocks.filter_map(|block| card(&block)).collect();
    cards.sort_by(|one, other| one.name.cmp(&other.name));
    cards
}

/// A card that tells how worn it is.
fn card(block: &Path) -> Option<Card> {
    let device = block.join("device");
    // Two kinds of cells are estimated; the more worn one counts. 0 is "not defined".
    let lives = text(&device.join("life_time"));
    let used = lives.and_then(|lives| lives.split_whitespace().filter_map(hexadecimal).max());
    let end = text(&device.join("pre_eol_info")).and_then(|end| hexadecimal(&end));
    let used_tenths = used.filter(|used| (1..=11).contains(used));
    let end = end.filter(|end| (1..=3).contains(end));
    if used_tenths.is_none() && end.is_none() {
        return None;
    }
    Some(Card {
        name: block.file_name()?.to_string_lossy().into_owned(),
        used_tenths,
        is_failing: end.is_some_and(|end| end > 1) || used_tenths == Some(11),
    })
}

/// What the firmware of a Raspberry Pi says: in the bits of its own kernel, or as an alarm of a voltage in all others.
fn power(sysdir: &Path) -> Option<Power> {
    let firmware = sysdir.join("devices/platform/soc/soc:firmware/get_throttled");
    if let Some(bits) = text(&firmware).and_then(|bits| hexadecimal(&bits)) {
        return Some(match (bits & 1, bits >> 16 & 1) {
            (1, _) => Power::Low,
            (_, 1) => Power::WasLow,
            _ => Power::Good,
        });
    }
    let is_volt = |path: &PathBuf| text(&path.join("name")).as_deref() == Some("rpi_volt");
    let sensors = entries(&sysdir.join("class/hwmon"), "hwmon");
    let sensor = sensors.into_iter().find(is_volt)?;
    match text(&sensor.join("in0_lcrit_alarm"))?.as_str() {
        "0" => Some(Power::Good),
        _ => Some(Power::Low),
    }
}

/// The memory of the machine: all of it, and what is left.
fn memory() -> Option<(u64, u64)> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let read = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    };
    Some((read("MemTotal:")?, read("MemAvailable:")?))
}

fn entries(directory: &Path, beginning: &'static str) -> Vec<PathBuf> {
    let all = fs::read_dir(directory).into_iter().flatten().flatten();
    all.filter(move |entry| {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(beginning));
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    })
    .take(ENTRIES_MAX)
    .map(|entry| entry.path())
    .collect()
}

fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn hexadecimal(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{Health, Power, look};
    use crate::words::Words;
    use std::fs;
    use std::path::Path;

    fn with(files: &[(&str, &str)]) -> Health {
        let sysdir = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = sysdir.path().join(path);
            fs::create_dir_all(path.parent().expect("a file is somewhere")).expect("made");
            fs::write(path, text).expect("written");
        }
        Health {
            memory: None,
            ..look(sysdir.path())
        }
    }

    fn concerns(health: &Health) -> String {
        health.concerns(Words::default()).join("\n")
    }

    #[test]
    fn a_machine_that_tells_nothing_or_nonsense_is_no_concern() {
        assert_eq!(with(&[]), Health::default());
        let nonsense = with(&[
            ("class/thermal/thermal_zone0/temp", "hot"),
            ("class/thermal/thermal_zone1/temp", "-274000"),
            ("class/thermal/cooling_device0/temp", "90000"),
            ("block/mmcblk0/device/life_time", "0x00 0x00"),
            ("block/mmcblk1/device/pre_eol_info", "zz"),
            ("class/hwmon/hwmon0/name", "other"),
        ]);
        assert_eq!(nonsense, Health::default());
        assert!(look(Path::new("/nowhere")).cards.is_empty());
    }

    #[test]
    fn what_is_well_is_told_and_no_concern() {
        let well = with(&[
            ("class/thermal/thermal_zone0/temp", "48700\n"),
            ("class/thermal/thermal_zone1/temp", "51200\n"),
            ("block/mmcblk0/device/life_time", "0x01 0x02\n"),
            ("block/mmcblk0/device/pre_eol_info", "0x01\n"),
            ("class/hwmon/hwmon1/name", "rpi_volt\n"),
            ("class/hwmon/hwmon1/in0_lcrit_alarm", "0\n"),
        ]);
        assert_eq!(well.degrees().as_deref(), Some("51"));
        assert_eq!(well.cards[0].used_tenths, Some(2));
        assert_eq!(well.power, Some(Power::Good));
        assert_eq!(concerns(&well), "");
    }

    #[test]
    fn what_is_not_well_says_what_to_do() {
        let bad = with(&[
            ("class/thermal/thermal_zone0/temp", "83400\n"),
            ("block/mmcblk0/device/life_time", "0x02 0x0A\n"),
            ("block/mmcblk1/device/pre_eol_info", "0x03\n"),
            ("devices/platform/soc/soc:firmware/get_throttled", "50005\n"),
        ]);
        let told = concerns(&bad);
        for part in [
            "83 °C",
            "mmcblk0) has used up",
            "mmcblk1) says",
            "supply is too weak",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let before = with(&[("devices/platform/soc/soc:firmware/get_throttled", "0x50000")]);
        assert_eq!(before.power, Some(Power::WasLow));
        assert!(concerns(&before).contains("was too weak"));
        let low = Health {
            memory: Some((512 << 20, 9 << 20)),
            ..Health::default()
        };
        assert!(
            concerns(&low).contains("9.4 MB") || concerns(&low).contains("9"),
            "{}",
            concerns(&low)
        );
    }
}
