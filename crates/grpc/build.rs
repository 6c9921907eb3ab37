//! Compiles the peer protocol; no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["proto/shoal/peer.proto"], ["proto"])?;
    // A question may be sent twice: its bytes are shared.
    tonic_prost_build::configure().bytes(".shoal.peer.Request.payload").compile_fds(files)?;
    Ok(())
}
