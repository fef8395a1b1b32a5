package volc

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"parley/internal/wire"
)

// refusal is the Error of a response.
type refusal struct {
	CodeN   int `json:",omitempty"` // only those of the gateway have a number
	Code    string
	Message string

	status int
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

// because returns r in words.
func (r refusal) because(what string) *refusal {
	r.Message = what
	return &r
}

// What the gateway refuses, and what the service itself does (volc.md §5.3).
var (
	missingParameter           = refusal{CodeN: 100002, Code: "MissingParameter", status: http.StatusBadRequest}
	missingAuthenticationToken = refusal{CodeN: 100003, Code: "MissingAuthenticationToken", status: http.StatusUnauthorized}
	missingRequestInfo         = refusal{CodeN: 100004, Code: "MissingRequestInfo", status: http.StatusBadRequest}
	missingSignature           = refusal{CodeN: 100005, Code: "MissingSignature", status: http.StatusUnauthorized}
	invalidTimestamp           = refusal{CodeN: 100006, Code: "InvalidTimestamp", status: http.StatusBadRequest}
	serviceNotFound            = refusal{CodeN: 100007, Code: "ServiceNotFound", status: http.StatusNotFound}
	invalidActionOrVersion     = refusal{CodeN: 100008, Code: "InvalidActionOrVersion", status: http.StatusNotFound}
	invalidAccessKey           = refusal{CodeN: 100009, Code: "InvalidAccessKey", status: http.StatusUnauthorized}
	signatureDoesNotMatch      = refusal{CodeN: 100010, Code: "SignatureDoesNotMatch", status: http.StatusUnauthorized}
	internalError              = refusal{CodeN: 100014, Code: "InternalError", status: http.StatusInternalServerError}
	internalServiceTimeout     = refusal{CodeN: 100016, Code: "InternalServiceTimeout", status: http.StatusGatewayTimeout}
	invalidAuthorization       = refusal{Code: "InvalidAuthorization", status: http.StatusBadRequest}
	invalidCredential          = refusal{Code: "InvalidCredential", status: http.StatusBadRequest}

	invalidParameter  = refusal{Code: "InvalidParameter", status: http.StatusBadRequest}
	bodyIsEmpty       = refusal{Code: "InvalidParameter.BodyIsEmpty", status: http.StatusBadRequest}
	unmarshal         = refusal{Code: "InvalidParameter.Unmarshal", status: http.StatusBadRequest}
	illegalAppID      = refusal{Code: "InvalidParameter.IllegalAppId", status: http.StatusBadRequest}
	notExistAppID     = refusal{Code: "InvalidParameter.NotExistAppId", status: http.StatusBadRequest}
	accountIDMismatch = refusal{Code: "InvalidParameter.AccountIdMismatch", status: http.StatusBadRequest}
	illegalRoomID     = refusal{Code: "InvalidParameter.IllegalRoomID", status: http.StatusBadRequest}
	illegalFrom       = refusal{Code: "InvalidParameter.IllegalFrom", status: http.StatusBadRequest}
	illegalTo         = refusal{Code: "InvalidParameter.IllegalTo", status: http.StatusBadRequest}
	illegalUserID     = refusal{Code: "InvalidParameter.IllegalUserId", status: http.StatusBadRequest}
	sizeOverLimit     = refusal{Code: "InvalidParameter.SizeOverLimit", status: http.StatusBadRequest}
	userCountOver     = refusal{Code: "InvalidParameter.UserCountOverLimit", status: http.StatusBadRequest}
	overQPS           = refusal{Code: "FlowLimitExceeded.QPSOverLimit", status: http.StatusBadRequest}
)

// refusalOf is the answer to whatever a call failed with. The cause of what
// nobody classified stays in the log.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	switch wire.CodeOf(err) {
	case wire.CodeOverloaded:
		return internalServiceTimeout.because("the server does not keep up; call again in a moment")
	case wire.CodeInvalid, wire.CodeTooLarge, wire.CodeEmpty:
		if e, ok := errors.AsType[*wire.Error](err); ok {
			return invalidParameter.because(e.What)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return internalServiceTimeout.because("the server did not answer itself in time; call again in a moment")
	}
	return internalError.because("the server failed; its log says why")
}

// quote shows what a caller gave, cut short.
func quote(given string) string {
	const limit = 80
	return strconv.Quote(given[:min(len(given), limit)])
}
