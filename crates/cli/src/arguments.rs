//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Where a node listens unless it is told otherwise.
pub(crate) const URL: &str = "http://127.0.0.1:9200";

/// Shoal, a search engine that speaks the OpenSearch REST API.
#[derive(Debug, Parser)]
#[command(name = "shoal", version, propagate_version = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a node until SIGTERM or SIGINT
    Serve(Serve),
    /// Run a node, or several, with a built-in data set in a temporary folder, and show some searches
    Demo(Demo),
    /// Load a file of documents, or of bulk actions, into a running node
    Bulk(Bulk),
    /// Search a running node
    Search(Search),
    /// Bring back a cluster whose majority is lost for good
    #[command(subcommand)]
    Node(Node),
    /// Show or check configuration
    #[command(subcommand)]
    Config(Config),
    /// Print the version
    Version,
    /// Print completions for a shell
    Completions { shell: Shell },
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file (TOML); `shoal config default` prints one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The node's name: node.name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The folder of everything durable: path.data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where HTTP is answered: http.address
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<String>,
    /// Where Redis clients are answered, such as 127.0.0.1:6379: resp.address
    #[arg(long, value_name = "ADDR")]
    pub(crate) resp: Option<String>,
    /// Where other nodes are heard: peer.address
    #[arg(long, value_name = "ADDR")]
    pub(crate) peer: Option<String>,
    /// Peer addresses of the nodes to begin a cluster with, or to join: peer.seeds
    #[arg(long, value_name = "ADDR,..")]
    pub(crate) seeds: Option<String>,
    /// What the node does, of master, data, ingest, coordinator: node.roles
    #[arg(long, value_name = "ROLE,..")]
    pub(crate) roles: Option<String>,
    /// Sets any key, over the file, the environment and the other flags; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many nodes, as processes of their own; with several one is killed and comes back
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
    pub(crate) nodes: u8,
    /// End after the show
    #[arg(long)]
    pub(crate) exit: bool,
    /// Where HTTP is answered [default: 127.0.0.1:9200, or a free port when that is taken]
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Bulk {
    /// One JSON document, or one action or document of a _bulk body, per line; may be gzipped; - is the standard input
    pub(crate) file: PathBuf,
    /// The index of documents, and of actions that name none
    #[arg(long)]
    pub(crate) index: Option<String>,
    #[arg(long, default_value = URL)]
    pub(crate) url: String,
    /// What the lines are; auto: as the first line looks
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub(crate) format: Format,
    /// The field that holds a document's id; without it the node makes ids
    #[arg(long, value_name = "FIELD")]
    pub(crate) id_field: Option<String>,
    /// Requests in flight
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    /// Documents per request, of 8 MB at most
    #[arg(long, value_name = "DOCS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) batch: u32,
}

/// What the lines of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Auto,
    Documents,
    Actions,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// An index, an alias, a pattern, or several with commas between them
    pub(crate) index: String,
    /// In the query_string language: words, "phrases", field:value, AND, OR, NOT, year:[1900 TO 1950]; everything when absent
    pub(crate) query: Vec<String>,
    #[arg(long, default_value = URL)]
    pub(crate) url: String,
    /// How many hits
    #[arg(short = 'n', long, default_value_t = 10)]
    pub(crate) size: u32,
    /// Print the answer as it came
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Node {
    /// Make one surviving node, which does not run, the beginning of a new cluster with the indexes that it knows
    Repair(Repair),
    /// Make another surviving node, which does not run, forget its cluster, so that it may join the repaired one with its shards
    Detach(Repair),
}

#[derive(Debug, Args)]
pub(crate) struct Repair {
    /// The node's folder: path.data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Do it; without this it is only said what would be done
    #[arg(long)]
    pub(crate) accept_data_loss: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a configuration file with every key, its default and what it is for
    Default,
    /// Check a configuration file
    Check { file: PathBuf },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Command, String> {
        let words = std::iter::once("shoal").chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|arguments| arguments.command).map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn serve_takes_settings_in_order() {
        let Ok(Command::Serve(serve)) = parse("serve --name a --set search.threads=2 --set node.name=b") else {
            panic!()
        };
        assert_eq!(
            (serve.name.as_deref(), serve.set),
            (Some("a"), vec!["search.threads=2".to_owned(), "node.name=b".to_owned()])
        );
    }

    #[test]
    fn bulk_reads_the_standard_input_and_has_bounds() {
        let Ok(Command::Bulk(bulk)) = parse("bulk - --index books") else { panic!() };
        assert_eq!((bulk.file.to_str(), bulk.concurrency, bulk.batch), (Some("-"), 4, 1000));
        assert!(parse("bulk - --index books --concurrency 0").unwrap_err().contains("1..=256"));
        assert!(parse("bulk - --index books --batch 0").unwrap_err().contains("1..=100000"));
    }

    #[test]
    fn a_query_is_all_the_words() {
        let Ok(Command::Search(search)) = parse("search books salt AND year:1900 -n 3") else { panic!() };
        assert_eq!((search.query.join(" ").as_str(), search.size, search.json), ("salt AND year:1900", 3, false));
    }

    #[test]
    fn what_is_unknown_is_refused() {
        assert!(parse("serve --adress x").is_err());
        assert!(parse("").is_err());
        assert!(parse("demo --http here").unwrap_err().contains("invalid socket address"));
    }
}
