package hook

import (
	"net/netip"
	"strconv"

	"parley/internal/wire"
)

// reserved are the ranges that are no public servers, beside those that
// netip.Addr knows itself.
var reserved = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's metadata"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "reserved"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/96"), "reserved"}, // IPv4 in disguise
	{netip.MustParsePrefix("64:ff9b::/96"), "IPv4 in disguise"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "IPv4 in disguise"},
	{netip.MustParsePrefix("100::/64"), "discard only"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // Teredo, which is IPv4 in disguise, among it
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "IPv4 in disguise"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("5f00::/16"), "reserved"},
	{netip.MustParsePrefix("fec0::/10"), "private"},
}

// notPublic says what kind of address it is, if it is none of a public server.
func notPublic(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	switch {
	case !ip.IsValid():
		return "no address"
	case ip.IsUnspecified():
		return "unspecified"
	case ip.IsLoopback():
		return "loopback"
	case ip.IsPrivate():
		return "private"
	case ip.IsLinkLocalUnicast(): // the metadata of most clouds is here
		return "link-local"
	case ip.IsMulticast():
		return "multicast"
	}
	for _, r := range reserved {
		if r.prefix.Contains(ip) {
			return r.what
		}
	}
	return ""
}

// addressError refuses an address that requests must not go to. address is
// host:port with a resolved host, as a dialer gives it.
func addressError(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &wire.Error{Code: wire.CodeForbidden, What: strconv.Quote(address) + " is no address", Fix: "Give a URL with a host.", Err: err}
	}
	what := notPublic(at.Addr())
	if what == "" {
		return nil
	}
	return &wire.Error{
		Code: wire.CodeForbidden, What: "the target is at " + at.Addr().String() + ", which is no public address: " + what,
		Fix: "Use a public address, or set callbacks.allowPrivate if the business server is inside.",
	}
}
