// Package token knows the formats of the tokens that clients log in with: it
// mints them, verifies them, and explains them to people. The formats are token04
// (express.md §6) and token001 (volc.md §6); their names end the names of their
// files.
//
// It is pure: time, randomness and secrets come from the caller, and nothing is
// logged. It maps no error to a dialect's number; a caller tells refusals apart
// by Reason, or by Class when only "invalid" or "expired" matters.
//
// # Verifying
//
// Build one Verifier04 or Verifier001 per app, keep it, and use it from any
// goroutine: it holds the keys, so that a login costs about a microsecond. It takes
// several secrets, so that an app can rotate: add the new one, let minting servers
// change over, take the old one away when its last token has expired.
//
// # What the formats are worth
//
// The CBC form of token04 is encrypted but not authenticated. Whoever holds one
// can flip bits of its first 16 plaintext bytes through the IV, or garble one
// block to flip bits in the next. Three things stand against that: PKCS#7
// padding, a JSON reader that accepts exactly the six known fields once each in
// valid UTF-8, and the expiry in the clear, which must equal the one inside.
// With the field order of the usual generators the bytes in reach of the IV are
// those of app_id, and Verify compares that one. Hence also: never give two apps
// the same secret, and prefer the GCM form, which is authenticated, wherever the
// minting side can make it.
//
// A server that says how decryption failed can be used to forge CBC tokens byte
// by byte. So wrong padding, wrong JSON and a wrong key are one refusal with one
// text, Undecryptable, and the JSON is read whether or not the padding was right,
// so that time tells little either. Details are given only when the plaintext is
// a whole JSON object, which no such guess produces, or authenticated by GCM.
//
// A token001 is signed, not encrypted: anybody can read whom it is for. The
// signature leaves the app id out, so two apps with one key would take each other's
// tokens: never give two apps the same key.
//
// # Bounds
//
// A token is at most MaxBytes long, and a verifier holds at most MaxSecrets.
// No input panics.
package token
