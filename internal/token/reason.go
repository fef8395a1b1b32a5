package token

// Reason says why a token was refused.
type Reason uint8

const (
	// Malformed: it isn't a token of this format, or its fields are wrong.
	Malformed Reason = iota + 1
	// Undecryptable: no secret opens it. The usual cause is another secret.
	Undecryptable
	// WrongApp: it was made for another app.
	WrongApp
	// WrongUser: it was made for another user.
	WrongUser
	// ExpiryMismatch: the expiry in the clear isn't the one inside. Clients are
	// told the same as for Expired (express.md §6.3 step 5).
	ExpiryMismatch
	// Expired: its time is over.
	Expired
	// NoPrivilege: it doesn't grant what was asked.
	NoPrivilege
	// WrongRoom: it is for another room.
	WrongRoom
	// WrongSignature: no key of the app signed it.
	WrongSignature
	// BadArgument: minting was asked for something that no token can say, or a
	// secret can't be a key. Never the verdict on a token.
	BadArgument
)

var reasonNames = [...]string{
	Malformed:      "malformed",
	Undecryptable:  "undecryptable",
	WrongApp:       "wrong app",
	WrongUser:      "wrong user",
	ExpiryMismatch: "expiry mismatch",
	Expired:        "expired",
	NoPrivilege:    "no privilege",
	WrongRoom:      "wrong room",
	WrongSignature: "wrong signature",
	BadArgument:    "bad argument",
}

// String returns lower-case words, fit for a metric's label.
func (r Reason) String() string {
	if r == 0 || int(r) >= len(reasonNames) {
		return "unknown"
	}
	return reasonNames[r]
}

// Class is the coarse answer that a client gets.
type Class uint8

const (
	// Invalid: a new login with the same token can't succeed.
	Invalid Class = iota + 1
	// Outdated: the token was good, or claims to have been; fetch a new one.
	Outdated
)

// Class returns Outdated for Expired and ExpiryMismatch, Invalid for the rest.
func (r Reason) Class() Class {
	if r == Expired || r == ExpiryMismatch {
		return Outdated
	}
	return Invalid
}

// Error is a refusal. What and Fix hold no secret and no token, and may be sent
// to the client that presented the token.
type Error struct {
	Reason Reason
	What   string // what is wrong
	Fix    string // what to do next, one sentence
}

// Error returns the reason and what is wrong, without the fix.
func (e *Error) Error() string {
	return "token " + e.Reason.String() + ": " + e.What
}
