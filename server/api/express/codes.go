package express

import (
	"errors"

	"parley/internal/wire"
)

// Return codes of the dialect (express.md §7.1): those of its gateway, and those
// of room signalling.
const (
	codeOK = 0

	codeAppIDFormat      = 100000001
	codeTimestampEmpty   = 100000002
	codeTimestampFormat  = 100000003
	codeSignatureExpired = 100000004
	codeSignatureWrong   = 100000005
	codeActionEmpty      = 100000006
	codeActionUnknown    = 100000007
	codeNonceEmpty       = 100000008
	codeSignatureEmpty   = 100000009
	codeAppUnknown       = 100000010
	codeVersionEmpty     = 100000013
	codeVersionUnknown   = 100000014

	codeFailed         = 1
	codeParameter      = 2
	codeParameterLong  = 3
	codeDecode         = 8
	codeNotAllowed     = 9
	codeNoRoom         = 104
	codeNotSaved       = 121
	codePushFailed     = 151
	codeListFailed     = 154
	codeAppRate        = 206
	codeRoomRate       = 207
	codeContentEmpty   = 1008
	codeNoRoomToClose  = 5024
	codeEncode         = 5201
	codeNoRoomUsers    = 50001
	codeUserNotOnline  = 50003
	codeUserListLong   = 50011
	codeMessageLong    = 50012
	codeCommandFailed  = 50013
	codeTooManyRules   = 50123
	messageOfSuccess   = "success"
	messageOfOverrated = "more requests per second than the limit"
)

// refusal is an answer other than success.
type refusal struct {
	code  int
	what  string
	cause error // for the log only: what is not the caller's fault
}

func (r *refusal) Error() string { return r.what }

func refuse(code int, what string) error { return &refusal{code: code, what: what} }

// use is what a request wanted: a column of the table below.
type use int

const (
	forBroadcast use = iota
	forBarrage
	forCommand
	forUsers
	forKick
	forClose
	forBan
	uses
)

// numbers is the one place where the core's codes become the dialect's. A code
// that is not in it, or 0, is 1.
var numbers = map[wire.Code][uses]int{
	//                      broadcast       barrage         command            users            kick           close          ban
	wire.CodeInvalid:    {codeEncode, codeDecode, codeDecode, codeParameter, codeParameter, codeParameter, codeParameter},
	wire.CodeEmpty:      {codeContentEmpty, codeContentEmpty, codeContentEmpty, codeParameter, codeParameter, codeParameter, codeParameter},
	wire.CodeTooLarge:   {codeMessageLong, codeMessageLong, codeMessageLong, codeParameterLong, codeParameterLong, codeParameterLong, codeTooManyRules},
	wire.CodeNoReceiver: {codeNoRoom, codeNoRoom, codeNoRoomUsers, codeNoRoomUsers, codeNoRoom, codeNoRoomToClose, 0},
	wire.CodeOverloaded: {codeNotSaved, codePushFailed, codeCommandFailed, codeListFailed, 0, 0, 0},
}

// refusalOf says an error of the core in the dialect's words. An error that is
// no refusal is ours: its text stays in the log.
func refusalOf(err error, u use) error {
	if err == nil {
		return nil
	}
	code := numbers[wire.CodeOf(err)][u]
	if code == 0 {
		code = codeFailed
	}
	known, ok := errors.AsType[*wire.Error](err)
	if !ok {
		return &refusal{code, "the server failed", err}
	}
	what := known.What
	if known.Fix != "" {
		what += ". " + known.Fix
	}
	return &refusal{code, what, known.Err}
}
