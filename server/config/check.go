package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"parley/internal/token"
)

const (
	secretChars      = 32   // what every generator of token04 demands
	maxApps          = 1000 // each costs memory at start
	minSigningChars  = 16   // of other secrets, off loopback
	minAdminKeyChars = 32
	minVariety       = 8 // different characters in a secret, off loopback
	// frameOverhead is what a frame holds beside a message's text: ids and lengths.
	frameOverhead = 1024
)

// Validate is Check for settings that nobody loaded.
func (c Config) Validate() error { return Check(c, nil) }

// Check judges whether the settings fit together, and opens nothing. The error
// joins an *Error for every mistake, placed by from.
func Check(c Config, from Provenance) error {
	k := checker{c: c, from: from}
	k.addresses()
	k.origins()
	k.limits()
	k.retries()
	k.apps()
	return k.wrong.join()
}

type checker struct {
	c     Config
	from  Provenance
	wrong mistakes
}

func (k *checker) refuse(key, fix, what string, args ...any) {
	k.wrong.say(k.from.Of(key).Where, key, fix, what, args...)
}

func (k *checker) addresses() {
	const fix = "write host:port, such as 127.0.0.1:8080, or :8080 for all interfaces"
	if !isAddress(k.c.Listen) {
		k.refuse("listen", fix, "%q is not an address", k.c.Listen)
	}
	if k.c.AdminListen != "" {
		if !isAddress(k.c.AdminListen) {
			k.refuse("adminListen", fix, "%q is not an address", k.c.AdminListen)
		} else if k.c.AdminListen == k.c.Listen && !strings.HasSuffix(k.c.Listen, ":0") {
			k.refuse("adminListen", "choose another port", "is the address of listen too")
		}
	}
	if k.c.TLS.Cert == "" && k.c.TLS.Key != "" {
		k.refuse("tls.key", "name the certificate's file in tls.cert", "is given without tls.cert")
	}
	if k.c.TLS.Cert != "" && k.c.TLS.Key == "" {
		k.refuse("tls.cert", "name the key's file in tls.key", "is given without tls.key")
	}
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// IsLoopback reports whether only this machine can reach the address host:port.
// An empty host and any name but "localhost" count as reachable.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func (k *checker) origins() {
	for i, origin := range k.c.Origins {
		if origin == "*" {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Scheme+"://"+u.Host != origin {
			k.refuse(fmt.Sprintf("origins[%d]", i), "write scheme://host[:port] without a path, such as https://app.example.com, or \"*\"", "%q is not an origin", origin)
		}
	}
}

func (k *checker) limits() {
	for _, s := range settings { // ranges again: not every Config was loaded
		if s.high == 0 {
			continue
		}
		if bad := s.parse(s.at(new(Config)), render(s.at(&k.c))); bad != nil {
			k.refuse(s.key, bad.Fix, "%s", bad.What)
		}
	}
	l := k.c.Limits
	if most := l.MaxFrameBytes - frameOverhead; l.MaxMessageBytes > most {
		k.refuse("limits.maxMessageBytes", fmt.Sprintf("lower it to %d or raise limits.maxFrameBytes", most), "a message of %d bytes doesn't fit a frame of %d", l.MaxMessageBytes, l.MaxFrameBytes)
	}
	if most := l.Volc.MaxFrameBytes - frameOverhead; l.Volc.MaxMessageBytes > most {
		k.refuse("limits.volc.maxMessageBytes", fmt.Sprintf("lower it to %d or raise limits.volc.maxFrameBytes", most), "a message of %d bytes doesn't fit a frame of %d", l.Volc.MaxMessageBytes, l.Volc.MaxFrameBytes)
	}
	if l.SendBufferBytes < l.MaxFrameBytes {
		k.refuse("limits.sendBufferBytes", "raise it, or lower limits.maxFrameBytes", "%d bytes don't hold a frame of %d", l.SendBufferBytes, l.MaxFrameBytes)
	}
	if k.c.Heartbeat.Timeout <= k.c.Heartbeat.Interval {
		k.refuse("heartbeat.timeout", "make it longer than heartbeat.interval, best three times", "is %v, and the interval %v", k.c.Heartbeat.Timeout, k.c.Heartbeat.Interval)
	}
	if at := k.c.Traces.Endpoint; at != "" {
		if u, err := url.Parse(at); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			k.refuse("traces.endpoint", "write the collector's address, such as http://127.0.0.1:4318", "%q is not a URL", at)
		}
	}
	if k.c.Log.Format != "text" && k.c.Log.Format != "json" {
		k.refuse("log.format", "write text or json", "%q is not a format", k.c.Log.Format)
	}
}

var appName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

func (k *checker) apps() {
	if len(k.c.Apps) == 0 {
		k.refuse(appsKey, "add one with name, appID and serverSecrets", "there is no app: nobody could log in")
	}
	if len(k.c.Apps) > maxApps {
		k.refuse(appsKey, "spread them over several servers", "there are %d apps, limit %d", len(k.c.Apps), maxApps)
		return
	}
	names, ids, secrets := map[string]int{}, map[uint32]int{}, map[Secret]string{}
	k.adminKey(secrets)
	volc := volcChecker{k, map[string]int{}, map[string]account{}}
	for i, app := range k.c.Apps {
		if !appName.MatchString(app.Name) {
			k.refuse(appKey(i, "name"), "write a-z, 0-9 and \"-\" inside, 1 to 32 of them", "%q is not an app's name", app.Name)
		} else if other, taken := names[app.Name]; taken {
			k.refuse(appKey(i, "name"), "rename one", "apps[%d] is called %q too", other, app.Name)
		}
		names[app.Name] = i
		if app.AppID == 0 {
			k.refuse(appKey(i, "appID"), "give it a number from 1 to 4294967295", "is missing")
		} else if other, taken := ids[app.AppID]; taken {
			k.refuse(appKey(i, "appID"), "change one", "apps[%d] has %d too", other, app.AppID)
		}
		ids[app.AppID] = i
		if n := len(app.ServerSecrets); n == 0 {
			k.refuse(appKey(i, "serverSecrets"), fmt.Sprintf("add one, here or in %s", secretEnv(app.Name, "serverSecrets")), "is missing")
		} else if n > token.MaxSecrets {
			k.refuse(appKey(i, "serverSecrets"), "remove those whose tokens have expired", "has %d entries, limit %d", n, token.MaxSecrets)
		}
		for j, secret := range app.ServerSecrets {
			key := fmt.Sprintf("%s[%d]", appKey(i, "serverSecrets"), j)
			if len(secret) != secretChars || !printable(secret) {
				k.refuse(key, "use exactly 32 ASCII characters without spaces, such as the output of \"openssl rand -hex 16\"", "is a secret of %d characters", len(secret))
				continue
			}
			k.secret(key, secret, secrets)
		}
		k.callbacks(i, app)
		switch app.Diagnostics {
		case "", "off", "own", "full":
		default:
			k.refuse(appKey(i, "diagnostics"), "write off, own or full", "%q is not a kind of diagnostics", app.Diagnostics)
		}
		if s := app.CallbackSecret; s != "" {
			key := appKey(i, "callbackSecret")
			if !printable(s) {
				k.refuse(key, "use ASCII characters without spaces", "holds white space or other characters")
			}
			k.secret(key, s, secrets)
			k.longEnough(key, s)
		}
		volc.app(i, app, secrets)
	}
}

// longEnough refuses, off loopback, a signing secret that can be found by trying.
func (k *checker) longEnough(key string, s Secret) {
	if len(s) < minSigningChars && !IsLoopback(k.c.Listen) {
		k.refuse(key, "use the output of \"openssl rand -hex 16\"", "has %d characters, which is too short for %s, which others can reach", len(s), k.c.Listen)
	}
}

func (k *checker) adminKey(seen map[Secret]string) {
	key := k.c.AdminKey
	if key == "" {
		return
	}
	if len(key) < minAdminKeyChars || !printable(key) {
		k.refuse("adminKey", "use the output of \"openssl rand -hex 16\"", "is a key of %d characters; at least %d, ASCII without spaces, are needed", len(key), minAdminKeyChars)
		return
	}
	k.secret("adminKey", key, seen)
}

// secret refuses what is used twice and, off loopback, what can be guessed. Two
// apps with one secret could forge tokens for each other.
func (k *checker) secret(key string, s Secret, seen map[Secret]string) {
	if other, taken := seen[s]; taken {
		k.refuse(key, "give each its own", "is the same secret as %s", other)
	}
	seen[s] = key
	if IsLoopback(k.c.Listen) {
		return
	}
	if IsDevSecret(s) && !k.c.AllowDevSecrets {
		k.refuse(key, "make one with \"openssl rand -hex 16\", or listen on 127.0.0.1", "is a development secret that everybody knows, and others can reach %s", k.c.Listen)
	}
	different := map[rune]bool{}
	for _, r := range string(s) {
		different[r] = true
	}
	if len(different) < minVariety {
		k.refuse(key, "make one with \"openssl rand -hex 16\"", "has only %d different characters, and others can reach %s", len(different), k.c.Listen)
	}
}

// printable reports whether s is ASCII without spaces and control characters.
func printable(s Secret) bool {
	return strings.IndexFunc(string(s), func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
