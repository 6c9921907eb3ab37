//! A node that was frozen while another took its place, and is asked as soon as it goes on: what it says is not of yesterday.

use serde_json::json;

use crate::nodes::{Peers, until};
use crate::replicas::copies;
use crate::server::Server;

const ROUNDS: u64 = 2;

fn is_at(server: &Server, name: &str) -> bool {
    let holder = copies(server, "films", true).into_iter().next().map(|(_, node)| node);
    let nodes = server.ok("GET", "/_nodes", "")["nodes"].clone();
    holder.is_some_and(|holder| nodes[&holder]["name"] == name)
}

#[test]
fn a_refresh_that_a_former_primary_acknowledges_is_one_of_the_shard() {
    let peers = Peers::start();
    let settings = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 1, "refresh_interval": "-1"}});
    peers.servers[0].ok("PUT", "/films", &settings.to_string());
    for round in 0..ROUNDS {
        until(&peers.servers[0], "/_cluster/health", |health| {
            health["status"] == "green" && health["number_of_nodes"] == 3 && health["relocating_shards"] == 0
        });
        let former = (0..3).find(|at| is_at(&peers.servers[0], &format!("n{at}"))).expect("a primary");
        let (old, door) = (&peers.servers[former], &peers.servers[(former + 1) % 3]);
        old.freeze();
        until(door, "/_cluster/health", |health| {
            health["number_of_nodes"] == 2 && health["active_primary_shards"] == 1
        });
        door.ok("PUT", &format!("/films/_doc/{round}"), r#"{"t":"pearl"}"#);
        let (status, answer) = std::thread::scope(|scope| {
            // It lies there when the node goes on, which has heard of nothing then.
            let asked = scope.spawn(|| old.ask("POST", "/films/_refresh", ""));
            std::thread::sleep(std::time::Duration::from_millis(100));
            old.thaw();
            asked.join().expect("an answer")
        });
        if status == 200 && answer["_shards"]["failed"] == 0 {
            let found = door.ok("GET", "/films/_search?q=t:pearl", "");
            assert_eq!(found["hits"]["total"]["value"], round + 1, "round {round}: {answer} {found}");
        }
        // Who asks the shard where it is refreshes it.
        let answer = door.ok("POST", "/films/_refresh", "");
        assert_eq!(answer["_shards"]["failed"], 0, "{answer}");
        assert_eq!(door.ok("GET", "/films/_search?q=t:pearl", "")["hits"]["total"]["value"], round + 1);
    }
}
