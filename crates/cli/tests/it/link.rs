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
}

impl Link {
    /// Carries everything to `behind`, where somebody will listen.
    pub(crate) fn to(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (carried, sent) = (Arc::<Mutex<Vec<TcpStream>>>::default(), Arc::<AtomicUsize>::default());
        let (streams, counted) = (carried.clone(), sent.clone());
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for from in listener.incoming().flatten() {
                // Nobody behind it: this end is dropped, as a refusal.
                let Ok(to) = TcpStream::connect(behind) else { continue };
                let both = [from.try_clone(), to.try_clone()];
                streams.lock().expect("no thread panics").extend(both.into_iter().flatten());
                let (Ok(back), Ok(forth)) = (from.try_clone(), to.try_clone()) else { continue };
                let counted = counted.clone();
                std::thread::spawn(move || carry(from, forth, Some(&counted)));
                std::thread::spawn(move || carry(to, back, None));
            }
        });
        Self { address, carried, sent }
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

fn carry(mut from: TcpStream, mut to: TcpStream, counted: Option<&AtomicUsize>) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
        if let Some(counted) = counted {
            counted.fetch_add(count, Ordering::Relaxed);
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
