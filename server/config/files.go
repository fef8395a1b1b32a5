package config

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"time"
)

// CheckFiles judges the files that the settings name, as they are at now: the
// certificate with its key, and the data directory. Starting does so by itself;
// this is for who wants to know before.
func CheckFiles(c Config, from Provenance, now time.Time) error {
	k := checker{c: c, from: from}
	if c.TLS.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		switch {
		case err != nil:
			k.refuse("tls.cert", "name a PEM file with the certificate, leaf first, and in tls.key that of its key", "the certificate can't be used: %v", err)
		case pair.Leaf != nil && now.After(pair.Leaf.NotAfter):
			k.refuse("tls.cert", "renew it", "the certificate has expired on %s", pair.Leaf.NotAfter.UTC().Format(time.DateOnly))
		}
	}
	if c.Data != "" {
		info, err := os.Stat(c.Data)
		switch {
		case errors.Is(err, fs.ErrNotExist): // it is made at start
		case err != nil:
			k.refuse("data", "name a directory that the server may write", "the directory can't be used: %v", err)
		case !info.IsDir():
			k.refuse("data", "name a directory", "%s is not a directory", c.Data)
		}
	}
	return k.wrong.join()
}
