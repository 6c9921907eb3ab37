//! A way between nodes that can be broken: what connects to it is carried to another address, until all connections are cut.
//!
//! In: the address behind it. Out: an address before it. Not here: delay, loss.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    carried: Arc<Mutex<Vec<TcpStream>>>,
    /// Bytes towards the address behind it.
    sent: Arc<AtomicUsize>,
    /// How often connections were condemned: those that were made before end when something is sent over them.
    condemned: Arc<AtomicUsize>,
}

impl Link {
    /// Carries everything to `behind`, where somebody will listen.
    pub(crate) fn to(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let carried = Arc::<Mutex<Vec<TcpStream>>>::default();
        let (sent, condemned) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (streams, counted, sentence) = (carried.clone(), sent.clone(), condemned.clone());
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for from in listener.incoming().flatten() {
                // Nobody behind it: this end is dropped, as a refusal.
                let Ok(to) = TcpStream::connect(behind) else { continue };
                let both = [from.try_clone(), to.try_clone()];
                streams.lock().expect("no thread panics").extend(both.into_iter().flatten());
                let (Ok(back), Ok(forth)) = (from.try_clone(), to.try_clone()) else { continue };
                let (counted, sentence) = (counted.clone(), sentence.clone());
                let made = sentence.load(Ordering::SeqCst);
                let passes = move |count: usize| {
                    counted.fetch_add(count, Ordering::Relaxed);
                    sentence.load(Ordering::SeqCst) == made
                };
                std::thread::spawn(move || carry(from, forth, passes));
                std::thread::spawn(move || carry(to, back, |_| true));
            }
        });
        Self { address, carried, sent, condemned }
    }

    /// Ends every connection that there is when something is next sent over it, which does not arrive. Others may be made at once.
    pub(crate) fn condemn(&self) {
        self.condemned.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends every connection that there is. Others may be made at once.
    pub(crate) fn cut(&self) {
        for stream in self.carried.lock().expect("no thread panics").drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

/// `passes`: whether so many bytes more are carried.
fn carry(mut from: TcpStream, mut to: TcpStream, passes: impl Fn(usize) -> bool) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !passes(count) || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // Either may have ended by itself.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
