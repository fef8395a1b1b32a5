package config

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

// Secret is a text that must not be shown. Every way of printing it gives its
// Fingerprint; convert to string to use it.
type Secret string

// Fingerprint returns "sha256:" and the first 8 hex digits of the hash: enough to
// tell two secrets apart, useless for anything else. Empty for an empty secret.
func (s Secret) Fingerprint() string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:4])
}

// String is Fingerprint, for package fmt.
func (s Secret) String() string { return s.Fingerprint() }

// GoString is Fingerprint, for %#v.
func (s Secret) GoString() string { return s.Fingerprint() }

// LogValue is Fingerprint, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.Fingerprint()) }

// MarshalText is Fingerprint, for JSON, YAML and their like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.Fingerprint()), nil }
