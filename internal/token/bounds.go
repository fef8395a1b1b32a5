package token

const (
	// MaxBytes is the length from which on no token is looked at.
	MaxBytes = 4096
	// MaxSecrets is how many secrets an app may have at a time.
	MaxSecrets = 8
)
