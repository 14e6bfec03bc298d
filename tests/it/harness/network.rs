//! A network with several servers, each at the address of its name. As root a story gets a network of its own, in which names
//! are known and port 80 is free; others run it on addresses of this machine, with ports in the ids.

use super::pump::{self, Environment, Pump};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Set in the process that runs inside a network of its own.
const INSIDE: &str = "PUMPHOUSE_TEST_NETWORK";

/// Makes the names known inside a network that has nothing but itself. Everything ends with it.
const SETUP: &str = "set -e; ip link set lo up; mount --bind \"$1\" /etc/hosts; shift; exec \"$@\"";

/// A network into which machines can be plugged; what is kept of them is kept in memory.
const LAN: &str = "set -e; mount -t tmpfs tmpfs /run; mkdir /run/netns; ip link add lan type bridge; ip link set lan up; \
                   ip addr add 10.77.0.1/24 dev lan; ip addr add fd77::1/64 dev lan nodad";

/// A machine of a name, a number, and addresses of the old kind unless there is no third word.
const MACHINE: &str = "set -e; ip netns add $1; ip link add port$2 type veth peer name eth0 netns $1; \
                       ip link set port$2 master lan up; ip -n $1 link set lo up; \
                       if [ -n \"$3\" ]; then ip -n $1 addr add 10.77.0.$2/24 dev eth0; fi; \
                       ip -n $1 addr add fd77::$2/64 dev eth0 nodad; ip -n $1 link set eth0 up";

/// Every so many-th packet to or from a server is lost, by chance; what TCP sends again comes behind what was sent later.
const LOSS: &str = "add table ip lossy; add chain ip lossy arriving { type filter hook input priority 0; }; \
                    add rule ip lossy arriving tcp dport 80 numgen random mod EVERY == 0 drop; \
                    add rule ip lossy arriving tcp sport 80 numgen random mod EVERY == 0 drop";

/// An address of the public Internet, and one of somebody's house; inside a network of the story's own both are here.
pub(crate) const PUBLIC: &str = "93.184.215.14";
pub(crate) const HOUSE: &str = "10.9.8.7";

/// The names of the servers, at 127.0.0.2 and on.
const NAMES: [&str; 3] = ["pump-a.test", "pump-b.test", "pump-c.test"];

/// Runs a story, which is the test of that name, inside a network of its own where that may be made, else here.
#[track_caller]
pub(crate) fn inside(test: &str, story: impl FnOnce()) {
    if is_inside() {
        return story();
    }
    if !may_make_networks() {
        eprintln!("only root may make a network with names of its own: ids have ports here");
        return story();
    }
    let directory = TempDir::new().expect("a directory");
    let hosts = directory.path().join("hosts");
    let mut text = "127.0.0.1 localhost\n".to_owned();
    for (number, name) in (2..).zip(NAMES) {
        text += &format!("127.0.0.{number} {name}\n");
    }
    std::fs::write(&hosts, text).expect("a file");
    let output = namespace()
        .args(["sh", "-c", SETUP, "sh"])
        .arg(&hosts)
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .expect("unshare runs");
    let said = pump::said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "there is no test {test}: {said}");
}

/// Starts the server of this number, from 0 on.
#[track_caller]
pub(crate) fn server(number: usize, options: &[&str]) -> Pump {
    let address = format!("127.0.0.{}", number + 2);
    let is_inside = is_inside();
    let is_secure = options.contains(&"--cert");
    let (name, port) = match is_inside {
        true => (NAMES[number].to_owned(), if is_secure { 443 } else { 80 }),
        false => (address.clone(), free_port(&address)),
    };
    let port = port.to_string();
    let mut all = vec![
        "--address",
        &address,
        "--port",
        &port,
        "--hostname",
        &name,
        "--federateLan=true",
    ];
    all.extend(options);
    let scheme = if is_secure { "https" } else { "http" };
    let base = match is_inside {
        true => format!("{scheme}://{name}"),
        false => format!("{scheme}://{name}:{port}"),
    };
    Pump::launch(TempDir::new().expect("a directory"), &base, &all)
}

/// Starts the server of the first name, which answers under the names of all, by http and https. Only inside a network of the
/// story's own, where those ports are free; nothing elsewhere.
#[track_caller]
pub(crate) fn everywhere(environment: Environment, options: &[&str]) -> Option<Pump> {
    if !is_inside() {
        eprintln!(
            "only a network of the story's own has the ports 80 and 443: this story is skipped"
        );
        return None;
    }
    let mut all = vec![
        "--address",
        "0.0.0.0",
        "--port",
        "80",
        "--hostname",
        NAMES[0],
    ];
    all.extend(options);
    let base = format!("http://{}", NAMES[0]);
    Some(Pump::launch_with(environment, &base, &all))
}

/// Starts the server of this number, known by the address of its own and a port, from 0 on: on every machine.
#[track_caller]
pub(crate) fn near(number: usize, options: &[&str]) -> Pump {
    let address = format!("127.0.0.{}", number + 2);
    let port = free_port(&address).to_string();
    let mut all = vec!["--address", &address, "--port", &port];
    all.extend(["--hostname", &address, "--federateLan=true"]);
    all.extend(options);
    let scheme = match options.contains(&"--cert") {
        true => "https",
        false => "http",
    };
    let base = format!("{scheme}://{address}:{port}");
    Pump::launch(TempDir::new().expect("a directory"), &base, &all)
}

/// Plugs a machine of each name into one network, the first at 10.77.0.2 and fd77::2. Only inside a network of the story's own,
/// which gets 10.77.0.1 and fd77::1; machines of `v6_only` have no other addresses.
#[track_caller]
pub(crate) fn plug_in(machines: &[&str], v6_only: bool) {
    run(LAN, &[]);
    for (number, machine) in (2..).zip(machines) {
        let old = if v6_only { "" } else { "old" };
        run(MACHINE, &[machine, &number.to_string(), old]);
    }
}

/// Starts a server on a machine, under the name that the machine has in the network, and on the usual port.
#[track_caller]
pub(crate) fn on_machine(machine: &str, address: &str, options: &[&str]) -> Pump {
    let (scheme, port) = match options.contains(&"--cert") {
        true => ("https", "443"),
        false => ("http", "80"),
    };
    let name = format!("{machine}.local");
    let mut all = vec!["--address", address, "--port", port, "--hostname", &name];
    all.extend(options);
    Pump::launch_on(machine, &format!("{scheme}://{name}"), &all)
}

/// Starts a server on a machine that nobody has configured.
#[track_caller]
pub(crate) fn new_on_machine(machine: &str, address: &str) -> Pump {
    new_known_as("pump.local", machine, address)
}

/// The same, where people come by another name than the one that every new server has, or by a number.
#[track_caller]
pub(crate) fn new_known_as(host: &str, machine: &str, address: &str) -> Pump {
    let all = ["--address", address, "--port", "80"];
    Pump::launch_on(machine, &format!("http://{host}"), &all)
}

/// A command on a machine.
pub(crate) fn on(machine: &str, program: &str) -> Command {
    let mut command = Command::new("/usr/bin/nsenter");
    command.arg(format!("--net=/run/netns/{machine}"));
    command.arg(program);
    command
}

#[track_caller]
fn run(script: &str, arguments: &[&str]) {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(arguments);
    let output = command.output().expect("there is a shell");
    assert!(output.status.success(), "{}", pump::said(&output));
}

/// From now on the network of this story loses one of so many packets, by chance. Answers whether it does: only a network of the
/// story's own can be made bad.
#[track_caller]
pub(crate) fn loses_one_in(every: u32) -> bool {
    if !is_inside() {
        eprintln!("only a network of the story's own can lose packets: this one does not");
        return false;
    }
    let rules = LOSS.replace("EVERY", &every.to_string());
    let output = Command::new("/usr/sbin/nft").arg(rules).output();
    let output = output.expect("nft is installed");
    assert!(output.status.success(), "{}", pump::said(&output));
    true
}

/// Lets a name lead to these addresses from now on, which are those of this machine. Only inside a network of the story's own.
#[track_caller]
pub(crate) fn leads(name: &str, addresses: &[&str]) {
    run(
        &format!("ip addr replace {PUBLIC}/32 dev lo; ip addr replace {HOUSE}/32 dev lo"),
        &[],
    );
    let mut text = format!("127.0.0.1 localhost\n127.0.0.2 {}\n", NAMES[0]);
    for address in addresses {
        text += &format!("{address} {name}\n");
    }
    std::fs::write("/etc/hosts", text).expect("the story has a table of its own");
}

/// Whether this is inside a network of the story's own.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// A command in a network and a table of mounts of its own.
pub(crate) fn namespace() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child"]);
    command
}

/// Whether this process may make such networks.
pub(crate) fn may_make_networks() -> bool {
    let tried = namespace()
        .args(["sh", "-c", "ip link set lo up"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

fn free_port(address: &str) -> u16 {
    let listener = TcpListener::bind((address, 0)).expect("a free port");
    listener.local_addr().expect("it has an address").port()
}
