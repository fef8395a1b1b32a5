package express

import "parley/internal/wire"

// Error numbers of the dialect (express.md §5).
const (
	codeNotLogin          = 1000002
	codeNetworkBroken     = 1000017
	codeAppID             = 1001004
	codeRoomCount         = 1002001
	codeWrongRoom         = 1002002
	codeUserIDEmpty       = 1002005
	codeUserIDCharacter   = 1002006
	codeUserIDLong        = 1002007
	codeUserNameLong      = 1002010
	codeRoomIDEmpty       = 1002011
	codeRoomIDCharacter   = 1002012
	codeRoomIDLong        = 1002013
	codeInfoKeyEmpty      = 1002014
	codeInfoKeyLong       = 1002015
	codeInfoValueLong     = 1002016
	codeInfoKeyLimit      = 1002017
	codeOtherUserID       = 1002018
	codeRoomFull          = 1002034
	codeMultiRoomOff      = 1002036
	codeTooManyRooms      = 1002037
	codeKickedBySameUser  = 1002050
	codeRetryTimeout      = 1002053
	codeKicked            = 1002055
	codeRepeatedLogin     = 1002056
	codeRoomIDUsed        = 1002064
	codeBanned            = 1002066
	codeLoggedInElsewhere = 1002086
	codeRoomInner         = 1002099
	codeContentEmpty      = 1009001
	codeContentLong       = 1009002
	codeInconsistentRoom  = 1009005
	codeSendFailed        = 1009010
	codeMessageLong       = 1009013
	codeFrequency         = 1009015
	codeInput             = 1100001
	codeTimeout           = 1100002
	codeSocketClosed      = 1100003
	codeNotStarted        = 1101000 // also: engine destroyed
	codeTokenInvalid      = 1102016
	codeTokenExpired      = 1102018
	codeInfoPending       = 1102022
	codeLoginCancelled    = 1102026
	serverCodeBase        = 52000000
	liveroomError         = "liveroom error"
	maxMessageBytes       = 10240
	maxTransparentBytes   = 4096
	maxInfoKeyBytes       = 128
	maxRoomIDUnits        = 128
	maxUserIDUnits        = 64
	maxUserNameUnits      = 256
)

// use is what a request was for: a column of the table below. The sends are in
// the order of their methods, and of the events that they become.
type use int

const (
	forLogin use = iota
	forBroadcast
	forBarrage
	forCommand
	forTransparent
	forInfo
	uses
)

// numbers is the one place where the core's codes become the dialect's
// (express.md §2.2, §3.1). A code that is not in it, or 0, is 1002099.
var numbers = map[wire.Code][uses]int{
	//                              login                  broadcast             barrage               command               transparent           extra info
	wire.CodeInvalid:          {0, 0, 0, codeInput, codeInput, codeInput},
	wire.CodeUnknownApp:       {codeAppID, codeAppID, codeAppID, codeAppID, codeAppID, codeAppID},
	wire.CodeTokenInvalid:     {codeTokenInvalid, codeTokenInvalid, codeTokenInvalid, codeTokenInvalid, codeTokenInvalid, codeTokenInvalid},
	wire.CodeTokenExpired:     {codeTokenExpired, codeTokenExpired, codeTokenExpired, codeTokenExpired, codeTokenExpired, codeTokenExpired},
	wire.CodeForbidden:        {codeTokenInvalid, codeSendFailed, codeSendFailed, codeSendFailed, codeSendFailed, codeRoomInner},
	wire.CodeNotJoined:        {codeWrongRoom, codeInconsistentRoom, codeInconsistentRoom, codeInconsistentRoom, codeInconsistentRoom, codeWrongRoom},
	wire.CodeRoomFull:         {0: codeRoomFull},
	wire.CodeTooManyRooms:     {0: codeTooManyRooms},
	wire.CodeSingleRoom:       {0: codeMultiRoomOff},
	wire.CodeTooLarge:         {0, codeMessageLong, codeContentLong, codeContentLong, codeContentLong, codeInfoValueLong},
	wire.CodeEmpty:            {0, codeContentEmpty, codeContentEmpty, codeContentEmpty, codeContentEmpty, codeInfoKeyEmpty},
	wire.CodeRateLimited:      {0, codeFrequency, codeFrequency, codeFrequency, codeFrequency, codeInfoPending},
	wire.CodeReplaced:         {codeLoggedInElsewhere, codeInconsistentRoom, codeInconsistentRoom, codeInconsistentRoom, codeInconsistentRoom, codeWrongRoom},
	wire.CodeKicked:           {codeKicked, codeInconsistentRoom, codeInconsistentRoom, codeInconsistentRoom, codeInconsistentRoom, codeWrongRoom},
	wire.CodeBanned:           {codeBanned, codeSendFailed, codeSendFailed, codeSendFailed, codeSendFailed, codeRoomInner},
	wire.CodeInfoKeyLimit:     {forInfo: codeInfoKeyLimit},
	wire.CodeTimeout:          {codeRetryTimeout, codeTimeout, codeTimeout, codeTimeout, codeSendFailed, codeTimeout},
	wire.CodeDisconnected:     {codeSocketClosed, codeTimeout, codeTimeout, codeTimeout, codeSendFailed, codeTimeout},
	wire.CodeClosed:           {codeLoginCancelled, codeSocketClosed, codeSocketClosed, codeSocketClosed, codeSocketClosed, codeSocketClosed},
	wire.CodeQueueFull:        {0, codeSendFailed, codeSendFailed, codeSendFailed, codeSendFailed, codeSendFailed},
	wire.CodeNotLoggedIn:      {0, codeNotLogin, codeNotLogin, codeNotLogin, codeNotLogin, codeWrongRoom},
	wire.CodeOriginRefused:    {codeNotStarted, codeSendFailed, codeSendFailed, codeSendFailed, codeSendFailed, codeSendFailed},
	wire.CodeReconnectTimeout: {codeRetryTimeout, codeTimeout, codeTimeout, codeTimeout, codeSendFailed, codeTimeout},
}

// numberOf returns the dialect's number for err.
func numberOf(err error, u use) int {
	if n := numbers[wire.CodeOf(err)][u]; n != 0 {
		return n
	}
	return codeRoomInner
}

// refusal is what a promise rejects with, and what failure events carry.
type refusal struct {
	code int
	text string // msg, or extendedData of the events and of sends that have one
}
