package express

import (
	"crypto/md5" //nolint:gosec // the dialect's signature is made of it
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"time"
)

// signatureVersion is the one that there is.
const signatureVersion = "2.0"

// window is how far a request's time may be off, either way.
const window = 10 * time.Minute

// sign returns the signature of a request (express.md §7.1).
func sign(appID uint32, nonce, secret string, timestamp int64) string {
	text := strconv.FormatUint(uint64(appID), 10) + nonce + secret + strconv.FormatInt(timestamp, 10)
	sum := md5.Sum([]byte(text)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// signed reports whether a signature is by any of the secrets. How long it takes
// tells nothing of them.
func signed(signature string, appID uint32, nonce string, secrets []string, timestamp int64) bool {
	good := 0
	for _, secret := range secrets {
		good |= subtle.ConstantTimeCompare([]byte(signature), []byte(sign(appID, nonce, secret, timestamp)))
	}
	return good == 1
}
