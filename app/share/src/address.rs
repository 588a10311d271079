//! The address of this machine on its network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address by which others on the network reach this machine: the one from which it would go out
/// to the internet. Nothing is sent for that. `None` when it is on no network.
pub fn local_address() -> Option<IpAddr> {
    // Addresses for documentation (RFC 5737, RFC 3849), which are nobody's.
    let outside = [
        SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 9)),
        SocketAddr::from((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9)),
    ];
    outside.into_iter().find_map(|outside| {
        let any: IpAddr = if outside.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect(outside).ok()?;
        let address = socket.local_addr().ok()?.ip();
        (!address.is_loopback() && !address.is_unspecified()).then_some(address)
    })
}
