//! A server that runs: the real binary, on a free port, on a data directory of its own, with everything it says kept.

use super::browser::Browser;
use super::http::{Request, Site};
use super::oauth::Pair;
use super::people::{Caller, PASSWORD, Person};
use super::{eventually, network, pause};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;

/// The public name of the servers in the stories.
pub(crate) const HOST: &str = "pump.test";

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_pumphouse");

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_secs(60);

/// How many lines of the server's log a failed story shows.
const LOG_LINES_SHOWN: usize = 40;

/// Variables of the environment of a server.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// A running server.
pub(crate) struct Pump {
    pub(crate) site: Arc<Site>,
    process: Option<Child>,
    directory: TempDir,
    arguments: Vec<String>,
    environment: Environment,
    machine: Option<String>,
    log: Arc<Mutex<Vec<String>>>,
    client: OnceLock<Pair>,
}

impl Pump {
    /// Starts a server that is configured as `http://pump.test`.
    #[track_caller]
    pub(crate) fn start() -> Pump {
        Pump::with(&[])
    }

    /// Starts it with further options.
    #[track_caller]
    pub(crate) fn with(options: &[&str]) -> Pump {
        Pump::on(TempDir::new().expect("a directory"), options)
    }

    /// Starts a server of another name, `http://HOST`.
    #[track_caller]
    pub(crate) fn named(host: &str, options: &[&str]) -> Pump {
        Pump::of(host, TempDir::new().expect("a directory"), options)
    }

    /// Starts it on a data directory that exists.
    #[track_caller]
    pub(crate) fn on(directory: TempDir, options: &[&str]) -> Pump {
        Pump::of(HOST, directory, options)
    }

    #[track_caller]
    fn of(host: &str, directory: TempDir, options: &[&str]) -> Pump {
        let mut all = vec![
            "--hostname",
            host,
            "--urlPort",
            "80",
            "--redirectToCanonical=false",
        ];
        all.extend(options);
        Pump::launch(directory, &format!("http://{host}"), &all)
    }

    /// Starts it as somebody does who has configured nothing: in setup mode.
    #[track_caller]
    pub(crate) fn unconfigured() -> Pump {
        Pump::unconfigured_with(&[])
    }

    /// As [`Pump::unconfigured`], with options besides a name.
    #[track_caller]
    pub(crate) fn unconfigured_with(options: &[&str]) -> Pump {
        let directory = TempDir::new().expect("a directory");
        Pump::launch(directory, "http://localhost:8080", options)
    }

    /// As [`Pump::unconfigured`], on a data directory that exists, with variables of the environment.
    #[track_caller]
    pub(crate) fn unconfigured_on(directory: TempDir, environment: Environment) -> Pump {
        Pump::launch_within(None, environment, directory, "http://localhost:8080", &[])
    }

    /// Starts it on a data directory in which somebody has named its owner: at port 80 of `host`, as far as it knows.
    #[track_caller]
    pub(crate) fn named_on(directory: TempDir, host: &str) -> Pump {
        Pump::launch(directory, &format!("http://{host}"), &["--urlPort", "80"])
    }

    /// Starts it with further options and variables of the environment.
    #[track_caller]
    pub(crate) fn within(environment: Environment, options: &[&str]) -> Pump {
        let mut all = vec!["--hostname", HOST, "--urlPort", "80"];
        all.extend(options);
        let directory = TempDir::new().expect("a directory");
        Pump::launch_within(
            None,
            environment,
            directory,
            &format!("http://{HOST}"),
            &all,
        )
    }

    #[track_caller]
    pub(super) fn launch(directory: TempDir, base: &str, options: &[&str]) -> Pump {
        Pump::launch_within(None, Vec::new(), directory, base, options)
    }

    /// Starts it with variables of the environment.
    #[track_caller]
    pub(super) fn launch_with(environment: Environment, base: &str, options: &[&str]) -> Pump {
        let directory = TempDir::new().expect("a directory");
        Pump::launch_within(None, environment, directory, base, options)
    }

    /// Starts it on a machine of a network of the story's own.
    #[track_caller]
    pub(super) fn launch_on(machine: &str, base: &str, options: &[&str]) -> Pump {
        let directory = TempDir::new().expect("a directory");
        Pump::launch_within(
            Some(machine.to_owned()),
            Vec::new(),
            directory,
            base,
            options,
        )
    }

    #[track_caller]
    fn launch_within(
        machine: Option<String>,
        environment: Environment,
        directory: TempDir,
        base: &str,
        options: &[&str],
    ) -> Pump {
        let mut arguments = vec![
            "--datadir".to_owned(),
            directory.path().display().to_string(),
        ];
        if !options.contains(&"--address") {
            arguments.extend(["--address", "127.0.0.1", "--port", "0"].map(str::to_owned));
        }
        arguments.extend(options.iter().map(|&option| option.to_owned()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let (process, address) = run(machine.as_deref(), &arguments, &environment, &log);
        let site = match options.contains(&"--cert") {
            true => Site::secure(base, address),
            false => Site::new(base, address),
        };
        Pump {
            site: Arc::new(site),
            process: Some(process),
            directory,
            arguments,
            environment,
            machine,
            log,
            client: OnceLock::new(),
        }
    }

    /// The same server by https of its own, at that port. Nobody vouches for it there.
    pub(crate) fn secured(&self, port: u16) -> Site {
        let mut address = self.site.address();
        address.set_port(port);
        Site::secure(&format!("https://{}:{port}", self.site.host), address)
    }

    /// The data directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Everything the server wrote so far, on both outputs.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panics with it").join("\n")
    }

    /// The number of the process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Sends a signal (`TERM`, `INT`, `KILL`).
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.process_id().to_string())
            .status()
            .expect("there is a command kill");
        assert!(status.success(), "the server could not be signalled");
    }

    /// Waits until the process has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the server runs");
        let mut status = None;
        eventually(|| {
            status = process.try_wait().expect("a child can be waited for");
            status.is_some()
        });
        status.expect("it ended")
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// Ends the process as a failing machine would.
    pub(crate) fn kill(&mut self) {
        let process = self.process.as_mut().expect("the server runs");
        process.kill().expect("a child can be killed");
        self.ended();
    }

    /// Starts it again on the same directory with the same options.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        assert!(self.process.is_none(), "it still runs");
        let (process, address) = run(
            self.machine.as_deref(),
            &self.arguments,
            &self.environment,
            &self.log,
        );
        self.process = Some(process);
        self.site.moves_to(address);
    }

    /// Stops it properly and starts it again.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        assert!(self.stop().success(), "it stopped badly: {}", self.log());
        self.start_again();
    }

    /// Nobody in particular.
    pub(crate) fn nobody(&self) -> Caller {
        Caller {
            site: Arc::clone(&self.site),
            client: None,
            token: None,
            bearer: None,
        }
    }

    /// A client without a user; the same one every time.
    #[track_caller]
    pub(crate) fn client(&self) -> Caller {
        let pair = self.client.get_or_init(|| self.new_client("Stories"));
        Caller {
            client: Some(pair.clone()),
            ..self.nobody()
        }
    }

    /// Registers a client of a name.
    #[track_caller]
    pub(crate) fn new_client(&self, name: &str) -> Pair {
        let answer = self
            .nobody()
            .post_to(
                "/api/client/register",
                &json!({ "type": "client_associate", "application_type": "native", "application_name": name }),
            )
            .ok();
        Pair::new(
            answer["client_id"].as_str().expect("a client has an id"),
            answer["client_secret"]
                .as_str()
                .expect("a client has a secret"),
        )
    }

    /// Gives somebody an account, through the API.
    #[track_caller]
    pub(crate) fn register(&self, nickname: &str) -> Person {
        let user = self
            .client()
            .post_to(
                "/api/users",
                &json!({ "nickname": nickname, "password": PASSWORD }),
            )
            .ok();
        self.person(nickname, &user)
    }

    /// Several people.
    #[track_caller]
    pub(crate) fn register_all<const N: usize>(&self, nicknames: [&str; N]) -> [Person; N] {
        nicknames.map(|nickname| self.register(nickname))
    }

    /// Somebody from what registering answered.
    #[track_caller]
    pub(crate) fn person(&self, nickname: &str, user: &Value) -> Person {
        let token = Pair::new(
            user["token"].as_str().expect("registering gives a token"),
            user["secret"].as_str().expect("registering gives a secret"),
        );
        Person {
            nickname: nickname.to_owned(),
            caller: Caller {
                token: Some(token),
                ..self.client()
            },
        }
    }

    /// A pump, and another server that it knows by its key.
    #[track_caller]
    pub(crate) fn knowing_another() -> (Pump, Caller) {
        let options = json!({ "clients": [{
            "client_id": "host-client", "client_secret": "host-secret", "title": "Other", "host": "other.test",
        }] });
        let directory = tempfile::TempDir::new().expect("a directory");
        let file = directory.path().join("configuration.json");
        std::fs::write(&file, options.to_string()).expect("a file");
        let pump = Pump::with(&["--config", &file.display().to_string()]);
        let host = Caller {
            client: Some(Pair::new("host-client", "host-secret")),
            ..pump.nobody()
        };
        (pump, host)
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.site)
    }

    /// A browser in which somebody is logged in who has the password that [`Pump::register`] gives.
    #[track_caller]
    pub(crate) fn browser_of(&self, nickname: &str) -> Browser {
        let mut browser = self.browser();
        browser.log_in(nickname, PASSWORD).expect(200);
        browser
    }

    /// Makes somebody the owner of the server.
    #[track_caller]
    pub(crate) fn give_to(&self, owner: &str) {
        self.runs(&["user", "owner", owner], "");
    }

    /// As [`Pump::command`], for one that must succeed; what it prints.
    #[track_caller]
    pub(crate) fn runs(&self, command: &[&str], input: &str) -> String {
        let output = self.command(command, input);
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs another command of the binary on the same data directory and options, and waits for it.
    pub(crate) fn command(&self, command: &[&str], input: &str) -> Output {
        let mut arguments: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        arguments.push("--datadir".to_owned());
        arguments.push(self.directory().display().to_string());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        command_line(&arguments, input)
    }

    /// Stops it, lets the doctor look at what it keeps, and fails the story if anything there does not fit together.
    #[track_caller]
    pub(crate) fn is_sound(&mut self) {
        assert!(self.stop().success(), "it stopped badly: {}", self.log());
        let output = self.command(
            &["doctor", "--hostname", &self.site.host, "--urlPort", "80"],
            "",
        );
        let said = said(&output);
        for what in ["store:", "records:", "streams:", "counters:", "uploads:"] {
            let lines: Vec<&str> = said.lines().filter(|line| line.contains(what)).collect();
            let well = lines.iter().all(|line| line.starts_with("ok"));
            assert!(well && !lines.is_empty(), "{what} {said}");
        }
    }

    /// Whether the server answers at all.
    #[track_caller]
    pub(crate) fn is_well(&self) -> bool {
        self.site.send(&Request::get("/robots.txt")).status < 500
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            pause(Duration::from_millis(50));
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
            for line in lines.iter().skip(from) {
                eprintln!("server: {line}");
            }
        }
    }
}

/// Runs the binary with arguments and an input to its end.
pub(crate) fn command_line(arguments: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    let mut process = binary()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = process.stdin.take().expect("it has an input");
    // A command that reads no input may have ended already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    process.wait_with_output().expect("it ends")
}

/// What a command said, on both outputs.
pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Where the binary is.
pub(crate) fn binary_path() -> PathBuf {
    PathBuf::from(BINARY)
}

/// The binary, deaf to the environment of whoever runs the tests.
fn binary() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear();
    command
}

/// Starts the server and waits for the line with its address.
#[track_caller]
fn run(
    machine: Option<&str>,
    arguments: &[String],
    environment: &Environment,
    log: &Arc<Mutex<Vec<String>>>,
) -> (Child, SocketAddr) {
    let mut command = match machine {
        Some(machine) => network::on(machine, BINARY),
        None => Command::new(BINARY),
    };
    let mut process = command
        .env_clear()
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let lines = listen(process.stdout.take().expect("it has an output"), log);
    let errors = listen(process.stderr.take().expect("it has an output"), log);
    drop(errors);
    let address = loop {
        match lines.recv_timeout(START) {
            Ok(line) => {
                let address = line
                    .strip_prefix("listening on http")
                    .map(|rest| rest.trim_start_matches('s'))
                    .and_then(|rest| rest.strip_prefix("://"))
                    .and_then(|rest| rest.strip_suffix('/'));
                if let Some(address) = address {
                    break address
                        .parse()
                        .unwrap_or_else(|_| panic!("{address} is no address"));
                }
            }
            Err(why) => {
                let _ = process.kill();
                let _ = process.wait();
                let gone = why == RecvTimeoutError::Disconnected;
                let why = if gone { "it ended" } else { "it said nothing" };
                let log = log.lock().expect("nobody panics with it").join("\n");
                panic!("the server did not start: {why}: {log}");
            }
        }
    };
    (process, address)
}

/// Keeps every line of an output, and passes it on while somebody listens.
fn listen(output: impl Read + Send + 'static, log: &Arc<Mutex<Vec<String>>>) -> Receiver<String> {
    let (sender, receiver) = channel();
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            log.lock()
                .expect("nobody panics with it")
                .push(line.clone());
            let _ = sender.send(line);
        }
    });
    receiver
}
